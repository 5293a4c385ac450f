import { isOpen } from '@faultline/incidents';
import { invalid, toInstant } from '@faultline/kernel';
import { type BucketUnit, bucketUnits, Calendar } from '../engine/calendar';
import { compileFilters, incidentPasses, rowPasses, select, type Selection, statesWhere } from '../engine/selection';
import { type QueryReader, refused } from '../query-reader';
import { commonParameters, type Report, type Scene } from '../report';
import { type Filter, readScope, type Scope } from '../report.params';

/** One instant, or one entry per bucket start. */
export type BacklogAnswer = BacklogAt | { readonly series: readonly BacklogAt[] };
export type BacklogAt = { readonly at: string; readonly open: number };

type Series = { readonly from: number; readonly to: number; readonly unit: BucketUnit };
type Params = { readonly scope: Scope; readonly at: number | undefined; readonly series: Series | null };

const mostBuckets = 20_000;

function readParams(query: QueryReader): Params {
  const scope = readScope(query);
  const at = query.instant('at');
  const unit = query.choice('bucket', bucketUnits);
  const { from, to } = scope;
  if (unit === undefined && from === -Infinity && to === Infinity) return { scope, at, series: null };
  if (at !== undefined) throw refused('at', 'at asks for one instant: from, to and bucket ask for a series');
  for (const [name, bound] of Object.entries({ from, to })) {
    if (!Number.isFinite(bound)) throw refused(name, 'A series needs from and to');
  }
  return { scope, at, series: { from, to, unit: unit ?? 'day' } };
}

/** The instant that `at` asks for (ms): by default `asOf`, else now. */
export const instantOf = (at: number | undefined, { asOf }: Scope, now: number): number =>
  at ?? (asOf === Infinity ? now : asOf);

/** The incidents that were open at an instant (ms), as far as is known as of `asOf`. */
export function openAt({ table }: Scene, { filters, asOf }: Scope, at: number): Selection {
  const open = statesWhere(table.columns.state, isOpen);
  const { codes } = table.columns.state;
  return select(table, { filters, asOf: Math.min(at, asOf) }, (_, row) => open[codes[row] as number] === 1);
}

/** How many incidents were open at each of the instants (ms, ascending), filtered by what they were like at each. */
function openSeries({ table }: Scene, filters: readonly Filter[], instants: Float64Array): Int32Array {
  const tests = compileFilters(table, filters);
  const open = statesWhere(table.columns.state, isOpen);
  const { codes } = table.columns.state;
  const steps = new Int32Array(instants.length + 1);
  const firstFrom = placeFinder(instants);
  for (let incident = 0; incident < (tests.none ? 0 : table.size); incident += 1) {
    if (!incidentPasses(tests, incident)) continue;
    const start = table.first[incident] as number;
    const end = start + (table.lengths[incident] as number);
    let counts = false;
    for (let row = start; row < end; row += 1) {
      const countsNow = open[codes[row] as number] === 1 && rowPasses(tests, row);
      if (countsNow === counts) continue;
      const place = firstFrom(table.times[row] as number);
      steps[place] = (steps[place] as number) + (countsNow ? 1 : -1);
      counts = countsNow;
    }
  }
  let total = 0;
  return steps.subarray(0, instants.length).map((step) => (total += step));
}

/** Finds the first of some ascending instants that is not before another one; their number if none is. */
function placeFinder(instants: Float64Array): (time: number) => number {
  const count = instants.length;
  const origin = instants[0] ?? 0;
  const mean = count > 1 ? ((instants[count - 1] as number) - origin) / (count - 1) : 1;
  return (time) => {
    if (count === 0 || time <= origin) return 0;
    let place = Math.min(count, Math.ceil((time - origin) / mean));
    while (place < count && (instants[place] as number) < time) place += 1;
    while (place > 0 && (instants[place - 1] as number) >= time) place -= 1;
    return place;
  };
}

function answerSeries(scene: Scene, scope: Scope, { from, to, unit }: Series): BacklogAnswer {
  const starts = new Calendar(scope.timeZone).starts(unit, { from, to, most: mostBuckets });
  if (starts.length > mostBuckets) {
    throw invalid('report.too-many-buckets', `A series has at most ${mostBuckets} entries`, { pointer: '?bucket' });
  }
  const counts = openSeries(
    scene,
    scope.filters,
    Float64Array.from(starts, (start) => Math.min(start, scope.asOf)),
  );
  return { series: starts.map((start, index) => ({ at: toInstant(start), open: counts[index] as number })) };
}

/** How much was open, at an instant or at each bucket start. */
export const backlogReport: Report = {
  entry: {
    name: 'backlog',
    title: 'Backlog',
    definition:
      'Incidents logged at or before T that are not resolved, closed or cancelled at T; an event at T counts. A series has one entry per bucket start T with from ≤ T ≤ to; filters hold at each T.',
    unit: 'incidents',
    timeBasis: 'the instants T of the series',
    parameters: [
      { name: 'at', description: 'The instant T; by default asOf, else now' },
      { name: 'bucket', description: 'Asks for a series, with from and to', values: bucketUnits, default: 'day' },
      ...commonParameters,
    ],
  },
  answer: (query) => {
    const { scope, at, series } = readParams(query);
    return (scene): BacklogAnswer => {
      if (series) return answerSeries(scene, scope, series);
      const instant = instantOf(at, scope, scene.now);
      return { at: toInstant(instant), open: openAt(scene, scope, instant).size };
    };
  },
  incidents: (query) => {
    const scope = readScope(query);
    const at = query.instant('at');
    query.choice('bucket', bucketUnits);
    return (scene) => openAt(scene, scope, instantOf(at, scope, scene.now));
  },
};
