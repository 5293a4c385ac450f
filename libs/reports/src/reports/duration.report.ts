import { type Coded, countByCode, groupsOf, keyTest, startsOf } from '../engine/groups';
import { firstMoment, lastMoment, loggedAt } from '../engine/moments';
import { nearestRank, selectNth } from '../engine/quickselect';
import { narrowed, select, type Selection, statesWhere } from '../engine/selection';
import { type TimelineTable } from '../engine/timeline-table';
import { type QueryReader } from '../query-reader';
import { commonParameters, type Report, type ReportEntry, type Scene } from '../report';
import { readScope, type Scope, within } from '../report.params';
import { groupByParameter, groupDimensions } from './grouping';

/** Calendar seconds; percentiles by nearest rank, the mean unrounded. */
export type DurationGroup = {
  readonly key: string | null;
  readonly count: number;
  readonly meanSeconds: number;
  readonly p50Seconds: number;
  readonly p90Seconds: number;
  readonly p95Seconds: number;
};
export type DurationAnswer = { readonly groups: readonly DurationGroup[] };

/** When (ms) that happened to an incident, as of its row, which ends what is measured; NaN where it did not. */
type EndOf = (incident: number, row: number) => number;
type Ending = (table: TimelineTable) => EndOf;

const readParams = (query: QueryReader) => ({
  scope: readScope(query),
  groupBy: query.choice('groupBy', groupDimensions) ?? 'priority',
});

function ended({ table }: Scene, scope: Scope, endOf: EndOf): Selection {
  return select(table, scope, (incident, row) => {
    const end = endOf(incident, row);
    return !Number.isNaN(end) && within(scope, end);
  });
}

/** The durations (ms) of a selection, those of one code side by side: `starts` says where each code's begin. */
function durationsByCode({ table }: Scene, selection: Selection, { endOf, column }: Measured) {
  const counts = countByCode(selection, column);
  const starts = startsOf(counts);
  const next = starts.slice();
  const durations = new Float64Array(selection.size);
  for (let index = 0; index < selection.size; index += 1) {
    const incident = selection.incidents[index] as number;
    const row = selection.rows[index] as number;
    const code = column.codes[row] as number;
    const place = next[code] as number;
    durations[place] = endOf(incident, row) - loggedAt(table, incident);
    next[code] = place + 1;
  }
  return { counts, starts, durations };
}

type Measured = { readonly endOf: EndOf; readonly column: Coded };

/** Mean and percentiles of durations (ms), which it rearranges. */
function summaryOf(durations: Float64Array): Omit<DurationGroup, 'key'> {
  const count = durations.length;
  let sum = 0;
  for (const duration of durations) sum += duration;
  let settled = 0;
  const percentile = (percent: number): number => {
    const rank = nearestRank(percent, count);
    const duration = selectNth(durations, rank, settled);
    settled = rank;
    return duration / 1_000;
  };
  return {
    count,
    meanSeconds: sum / 1_000 / count,
    p50Seconds: percentile(50),
    p90Seconds: percentile(90),
    p95Seconds: percentile(95),
  };
}

function durationReport(entry: ReportEntry, ending: Ending): Report {
  return {
    entry,
    answer: (query) => {
      const { scope, groupBy } = readParams(query);
      return (scene): DurationAnswer => {
        const { table } = scene;
        const column = table.columns[groupBy];
        const endOf = ending(table);
        const selection = ended(scene, scope, endOf);
        const { counts, starts, durations } = durationsByCode(scene, selection, { endOf, column });
        const groups = groupsOf(counts, column.dictionary).map(({ key, code, count }) => {
          const start = starts[code] as number;
          return { key, ...summaryOf(durations.subarray(start, start + count)) };
        });
        return { groups };
      };
    },
    incidents: (query) => {
      const { scope, groupBy } = readParams(query);
      const key = query.one('key');
      return (scene) => {
        const hasKey = keyTest(scene.table.columns[groupBy], key);
        return narrowed(ended(scene, scope, ending(scene.table)), (_, row) => hasKey(row));
      };
    },
  };
}

const parameters = [groupByParameter(groupDimensions, 'priority'), ...commonParameters];

/** From logging to the last resolution, for what is resolved or closed at the time asked for. */
export const resolutionTimeReport = durationReport(
  {
    name: 'resolution-time',
    title: 'Resolution time',
    definition:
      'Calendar time from logging to the last move into resolved or closed from a state that is neither, of incidents that are resolved or closed. Percentiles by nearest rank.',
    unit: 'seconds',
    timeBasis: 'last move to resolved',
    parameters,
  },
  (table) => {
    const isEnded = statesWhere(table.columns.state, (state) => state === 'resolved' || state === 'closed');
    const { codes } = table.columns.state;
    return (incident, row) =>
      isEnded[codes[row] as number] === 1 ? lastMoment(table, 'resolved', incident, row) : NaN;
  },
);

/** From logging to the first acknowledgement, for what has one. */
export const acknowledgementTimeReport = durationReport(
  {
    name: 'acknowledgement-time',
    title: 'Acknowledgement time',
    definition:
      'Calendar time from logging to the first acknowledgement or start of work (in an import: move to in progress), of incidents that have one. Percentiles by nearest rank.',
    unit: 'seconds',
    timeBasis: 'first acknowledgement',
    parameters,
  },
  (table) => (incident, row) => firstMoment(table, 'acknowledged', incident, row),
);
