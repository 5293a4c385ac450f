import { HistoryBuilder } from './history-builder';
import { type ImportedIncident, type ImportFormat, type MappingContext } from './import-format';
import { LastKnown } from './last-known';
import { type Column, columns, orderOf, required, standingOf, valueOf } from './servicenow-audit.rows';
import { differencesOf } from './servicenow-audit.totals';
import { parseDayFirst } from './times';
import { parseBoolean, parseLevel, parsePriority } from './values';
import { type SpooledRow } from '../spool/spooled-record';

/** One row per change: the columns of ServiceNow's incident export with its audit columns. */
export const servicenowAudit: ImportFormat = {
  name: 'servicenow-audit',
  columns,
  required,
  key: 'number',
  serviceLevel: 'made_sla',
  orderOf,
  toIncident,
};

type Fold = { readonly builder: HistoryBuilder; readonly last: LastKnown<Column>; madeSla: boolean | null };

function toIncident(rows: readonly SpooledRow[], context: MappingContext): ImportedIncident {
  const [first, ...rest] = rows;
  if (!first) throw new Error('An incident has at least one row');
  const builder = new HistoryBuilder(valueOf(first.values, 'number') ?? '', context.personId);
  const fold: Fold = { builder, last: new LastKnown(columns), madeSla: null };
  const loggedAt = logFirst(fold, first, context);
  for (const row of rest) changeBy(fold, row);
  const differences = differencesOf(fold.last, { ...builder.totals, loggedAt }, context.times);
  return builder.build(fold.last.value('closed_code'), differences);
}

function logFirst(fold: Fold, row: SpooledRow, { times }: MappingContext): number {
  const { builder, last } = fold;
  last.take(row.values);
  const opened = parseDayFirst(last.value('opened_at') ?? '');
  const loggedAt = opened === null ? row.at : Math.min(times.instantOf(opened), row.at);
  const openedBy = last.value('opened_by');
  builder.beginRow({ at: loggedAt, actor: openedBy, line: row.line });
  const asset = last.value('cmdb_ci');
  builder.logged({
    channel: last.value('contact_type'),
    requester: personOf(fold, 'caller_id'),
    loggedBy: openedBy === null ? null : builder.names.person(openedBy),
    service: null,
    category: last.value('category'),
    subcategory: last.value('subcategory'),
    symptom: last.value('u_symptom'),
    ...prioritiesOf(last),
    assets: asset === null ? [] : [asset],
    location: last.value('location'),
  });
  beginRow(fold, row);
  follow(fold);
  if (builder.eventsOfRow === 0) builder.trace([]);
  return loggedAt;
}

function changeBy(fold: Fold, row: SpooledRow): void {
  const { builder, last } = fold;
  const requester = personOf(fold, 'caller_id');
  const location = last.value('location');
  last.take(row.values);
  beginRow(fold, row);
  if (last.hasChanged('category', 'subcategory', 'u_symptom')) classify(fold);
  if (last.hasChanged('location', 'caller_id')) amend(fold, { requester, location });
  const asset = last.value('cmdb_ci');
  if (asset !== null && last.hasChanged('cmdb_ci')) builder.emit({ type: 'AssetAffected', data: { asset } });
  if (last.hasChanged('impact', 'urgency', 'priority')) {
    builder.emit({ type: 'Prioritized', data: { ...prioritiesOf(last), overrideReason: null } });
  }
  follow(fold);
  if (builder.eventsOfRow === 0) builder.trace(last.changed);
}

function beginRow({ builder }: Fold, row: SpooledRow): void {
  builder.beginRow({ at: row.at, actor: valueOf(row.values, 'sys_updated_by'), line: row.line });
}

function classify({ builder, last }: Fold): void {
  const [category, subcategory] = [last.value('category'), last.value('subcategory')];
  builder.names.category(category, subcategory);
  builder.emit({ type: 'Classified', data: { category, subcategory, symptom: last.value('u_symptom') } });
}

function amend(fold: Fold, before: { readonly requester: string | null; readonly location: string | null }): void {
  const { builder, last } = fold;
  builder.emit({
    type: 'DetailsAmended',
    data: {
      changes: {
        ...(last.hasChanged('location') && { location: { from: before.location, to: last.value('location') } }),
        ...(last.hasChanged('caller_id') && {
          requester: { from: before.requester, to: personOf(fold, 'caller_id') },
        }),
      },
    },
  });
}

/** What the first row shows as later ones do: assignment, breach, links and, last, the state. */
function follow(fold: Fold): void {
  const { builder, last } = fold;
  builder.assign({ team: last.value('assignment_group'), tier: null, agent: personOf(fold, 'assigned_to') });
  const madeSla = parseBoolean(last.value('made_sla') ?? '');
  if (madeSla === false && fold.madeSla !== false) {
    builder.emit({ type: 'BreachImported', data: { clock: 'resolution' } });
  }
  fold.madeSla = madeSla;
  for (const [column, type] of links) {
    const target = last.value(column);
    if (target !== null && last.hasChanged(column)) builder.link(type, target);
  }
  const state = last.value('incident_state');
  const standing = state === null ? null : standingOf(state);
  if (standing) builder.move(standing);
}

const links = [
  ['problem_id', 'problem'],
  ['rfc', 'change'],
  ['caused_by', 'change'],
  ['vendor', 'supplier'],
] as const;

function personOf({ builder, last }: Fold, column: Column): string | null {
  const name = last.value(column);
  return name === null ? null : builder.names.person(name);
}

const prioritiesOf = (last: LastKnown<Column>) => ({
  impact: parseLevel(last.value('impact') ?? ''),
  urgency: parseLevel(last.value('urgency') ?? ''),
  priority: parsePriority(last.value('priority') ?? ''),
});
