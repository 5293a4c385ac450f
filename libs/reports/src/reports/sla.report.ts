import { invalid } from '@faultline/kernel';
import { Dictionary } from '../engine/code-column';
import { type Coded, groupsOf, keyTest } from '../engine/groups';
import { firstMoment, lastMoment, loggedAt } from '../engine/moments';
import { narrowed, select, type Selection, statesWhere } from '../engine/selection';
import { type TimelineTable } from '../engine/timeline-table';
import { type QueryReader } from '../query-reader';
import { commonParameters, type Report, type ReportEntry, type Scene } from '../report';
import { readScope, type Scope, within } from '../report.params';
import { groupByParameter } from './grouping';

/** `attainment` = met / (met + breached), null where neither occurred; `total` is all three. */
export type SlaGroup = {
  readonly key: string | null;
  readonly total: number;
  readonly met: number;
  readonly breached: number;
  readonly pending: number;
  readonly attainment: number | null;
};
export type SlaAnswer = { readonly groups: readonly SlaGroup[] };

const slaDimensions = ['priority', 'team', 'service', 'agreement', 'tier'] as const;
const outcomes = ['met', 'breached', 'pending'] as const;
type Outcome = (typeof outcomes)[number];
type Params = { readonly scope: Scope; readonly groupBy: (typeof slaDimensions)[number] };

/** The format of imports whose files say whether a service level was kept. */
const formatWithBreaches = 'servicenow-audit';

function readParams(query: QueryReader): Params {
  const scope = readScope(query);
  const groupBy = query.choice('groupBy', slaDimensions) ?? 'priority';
  const source = query.choice('source', ['measured', 'imported']) ?? 'measured';
  const clock = query.choice('clock', ['response', 'resolution']) ?? 'resolution';
  if (source === 'measured') {
    throw unavailable('?source', 'Service levels are not part of this build: ask for source=imported');
  }
  if (clock === 'response') throw unavailable('?clock', 'Imports tell of the resolution clock only');
  return { scope, groupBy };
}

const unavailable = (pointer: string, message: string) =>
  invalid(pointer === '?source' ? 'report.source-not-available' : 'report.clock-not-available', message, { pointer });

type Judged = { readonly selection: Selection; readonly outcomeOf: (incident: number, row: number) => Outcome };

/** The incidents that an import's service level speaks of, within `from` and `to` of the time that decides. */
function judged({ table }: Scene, scope: Scope): Judged {
  const { codes: states } = table.columns.state;
  const ended = statesWhere(table.columns.state, (state) => state === 'resolved' || state === 'closed');
  const cancelled = statesWhere(table.columns.state, (state) => state === 'cancelled');
  const format = table.judgingFormats.dictionary.find(formatWithBreaches);
  const { codes: formats } = table.judgingFormats;
  const stateOf = (row: number) => states[row] as number;
  const outcomeOf = (incident: number, row: number): Outcome =>
    !Number.isNaN(firstMoment(table, 'breached', incident, row)) ? 'breached' : ended[stateOf(row)] ? 'met' : 'pending';
  const selection = select(table, scope, (incident, row) => {
    if (formats[incident] !== format || cancelled[stateOf(row)]) return false;
    return within(scope, decidedAt(table, incident, { row, ended: ended[stateOf(row)] === 1 }));
  });
  return { selection, outcomeOf };
}

function decidedAt(table: TimelineTable, incident: number, { row, ended }: { row: number; ended: boolean }): number {
  if (ended) return lastMoment(table, 'resolved', incident, row);
  const breach = firstMoment(table, 'breached', incident, row);
  return Number.isNaN(breach) ? loggedAt(table, incident) : breach;
}

/** Imported incidents belong to no agreement of ours. */
const noAgreement = (table: TimelineTable): Coded => ({
  codes: new Uint8Array(table.times.length),
  dictionary: new Dictionary(),
});

const columnOf = (table: TimelineTable, groupBy: Params['groupBy']): Coded =>
  groupBy === 'agreement' ? noAgreement(table) : table.columns[groupBy];

function countOutcomes({ selection, outcomeOf }: Judged, { codes, dictionary }: Coded) {
  const counts = {
    met: new Uint32Array(dictionary.size),
    breached: new Uint32Array(dictionary.size),
    pending: new Uint32Array(dictionary.size),
  };
  const totals = new Uint32Array(dictionary.size);
  for (let index = 0; index < selection.size; index += 1) {
    const row = selection.rows[index] as number;
    const code = codes[row] as number;
    const outcome = counts[outcomeOf(selection.incidents[index] as number, row)];
    outcome[code] = (outcome[code] as number) + 1;
    totals[code] = (totals[code] as number) + 1;
  }
  return { ...counts, totals };
}

const entry: ReportEntry = {
  name: 'sla',
  title: 'Service levels',
  definition:
    'Breached: has an imported breach. Met: resolved or closed without one. Pending: the rest. Cancelled incidents, and those that no import with service levels brought, are in none. Attainment = met / (met + breached).',
  unit: 'incidents',
  timeBasis: 'last move to resolved if resolved or closed, else breach, else logged',
  parameters: [
    groupByParameter(slaDimensions, 'priority'),
    { name: 'source', description: 'Whose judgement', values: ['measured', 'imported'], default: 'measured' },
    { name: 'clock', description: 'Which target', values: ['response', 'resolution'], default: 'resolution' },
    ...commonParameters,
  ],
};

/** Service levels as another tool judged them. Our own clocks are not part of this build: `source=measured` is refused. */
export const slaReport: Report = {
  entry,
  answer: (query) => {
    const { scope, groupBy } = readParams(query);
    return (scene): SlaAnswer => {
      const column = columnOf(scene.table, groupBy);
      const { totals, ...counts } = countOutcomes(judged(scene, scope), column);
      const groups = groupsOf(totals, column.dictionary).map(({ key, code, count }) => {
        const [met, breached, pending] = outcomes.map((outcome) => counts[outcome][code] as number) as [
          number,
          number,
          number,
        ];
        return {
          key,
          total: count,
          met,
          breached,
          pending,
          attainment: met + breached === 0 ? null : met / (met + breached),
        };
      });
      return { groups };
    };
  },
  incidents: (query) => {
    const { scope, groupBy } = readParams(query);
    const key = query.one('key');
    const outcome = query.choice('outcome', outcomes);
    return (scene) => {
      const hasKey = keyTest(columnOf(scene.table, groupBy), key);
      const { selection, outcomeOf } = judged(scene, scope);
      return narrowed(
        selection,
        (incident, row) => hasKey(row) && (outcome === undefined || outcomeOf(incident, row) === outcome),
      );
    };
  },
};
