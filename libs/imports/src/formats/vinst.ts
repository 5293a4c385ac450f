import { isOpen } from '@faultline/incidents';
import { HistoryBuilder } from './history-builder';
import { type Standing } from './state-move';
import { type ImportedIncident, type ImportFormat, type MappingContext } from './import-format';
import { LastKnown } from './last-known';
import { type Column, columns, orderOf, priorityOf, required, standingOf, tierOf, valueOf } from './vinst.rows';
import { type SpooledRow } from '../spool/spooled-record';

/** One row per status change, with the support tier. */
export const vinst: ImportFormat = {
  name: 'vinst',
  columns,
  required,
  key: 'SR Number',
  serviceLevel: null,
  orderOf,
  toIncident,
};

type Fold = {
  readonly builder: HistoryBuilder;
  readonly last: LastKnown<Column>;
  /** What the row at hand says: its owner, and the state after it. */
  owner: string | null;
  standing: Standing;
};

function toIncident(rows: readonly SpooledRow[], { personId }: MappingContext): ImportedIncident {
  const [first, ...rest] = rows;
  if (!first) throw new Error('An incident has at least one row');
  const builder = new HistoryBuilder(valueOf(first.values, 'SR Number') ?? '', personId);
  const fold: Fold = { builder, last: new LastKnown(columns), owner: null, standing: builder.standing };
  logFirst(fold, first);
  for (const row of rest) changeBy(fold, row);
  return builder.build(null, {});
}

function logFirst(fold: Fold, row: SpooledRow): void {
  const { builder, last } = fold;
  beginRow(fold, row);
  builder.logged({
    channel: null,
    requester: null,
    loggedBy: null,
    service: last.value('Product'),
    category: null,
    subcategory: null,
    symptom: null,
    impact: null,
    urgency: null,
    priority: priorityOf(last.value('SR Latest Impact') ?? ''),
    assets: [],
    location: last.value('Country'),
  });
  reassign(fold);
  settle(fold);
  if (builder.eventsOfRow === 1) builder.trace([]);
}

function changeBy(fold: Fold, row: SpooledRow): void {
  const { builder, last } = fold;
  const service = last.value('Product');
  const location = last.value('Country');
  beginRow(fold, row);
  reassign(fold);
  if (last.hasChanged('SR Latest Impact')) {
    const priority = priorityOf(last.value('SR Latest Impact') ?? '');
    builder.emit({ type: 'Prioritized', data: { impact: null, urgency: null, priority, overrideReason: null } });
  }
  if (last.hasChanged('Product', 'Country')) amend(fold, { service, location });
  settle(fold);
  if (builder.eventsOfRow === 0) builder.trace(last.changed);
}

function beginRow(fold: Fold, row: SpooledRow): void {
  const { builder, last } = fold;
  const [status, subStatus] = [valueOf(row.values, 'Status'), valueOf(row.values, 'Sub Status')];
  last.take(row.values);
  fold.owner = valueOf(row.values, 'Owner First Name');
  fold.standing = standingOf(status, subStatus) ?? builder.standing;
  builder.beginRow({ at: row.at, actor: fold.owner, line: row.line });
}

/** Team and tier; the agent comes along with a change of team. */
function reassign(fold: Fold): void {
  const { builder, last } = fold;
  const from = builder.assignment;
  const team = last.value('Involved ST');
  const tier = tierOf(last.value('ST Level') ?? '');
  const isStep = from.tier !== null && tier !== null && from.tier !== tier;
  if (team !== from.team || (tier !== from.tier && !isStep)) builder.assign({ team, tier, agent: agentOf(fold) });
  if (isStep) builder.changeTier(from, { ...from, team, tier });
}

function amend(
  { builder, last }: Fold,
  before: { readonly service: string | null; readonly location: string | null },
): void {
  builder.names.service(last.value('Product'));
  builder.emit({
    type: 'DetailsAmended',
    data: {
      changes: {
        ...(last.hasChanged('Product') && { service: { from: before.service, to: last.value('Product') } }),
        ...(last.hasChanged('Country') && { location: { from: before.location, to: last.value('Country') } }),
      },
    },
  });
}

/** A change of the agent alone, then the move of state; a return to the queue takes the agent off by itself. */
function settle(fold: Fold): void {
  const { builder, standing } = fold;
  const after = { ...builder.assignment, agent: agentOf(fold) };
  const isReturn = standing.state === 'queued' && builder.standing.state !== 'queued' && isOpen(builder.standing.state);
  if (!isReturn) builder.assign(after);
  builder.move(standing, after);
}

/** Nobody while it is queued; else the row's owner, or if it names none whoever it was. */
function agentOf({ builder, owner, standing }: Fold): string | null {
  if (standing.state === 'queued') return null;
  return owner === null ? builder.assignment.agent : builder.names.person(owner);
}
