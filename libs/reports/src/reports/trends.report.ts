import { bucketFinder, bucketLabel, bucketOf, type BucketUnit, Calendar, nextBucket } from '../engine/calendar';
import { type Coded, compareKeys, startsOf } from '../engine/groups';
import { loggedAt } from '../engine/moments';
import { narrowed, type Selection } from '../engine/selection';
import { type TimelineTable } from '../engine/timeline-table';
import { type QueryReader, refused } from '../query-reader';
import { commonParameters, type Report, type Scene } from '../report';
import { readScope, type Scope } from '../report.params';
import { loggedWithin } from './volume.report';

/** Buckets in ascending order, then keys, null last. */
export type TrendsAnswer = { readonly series: readonly TrendPoint[] };
export type TrendPoint = { readonly bucket: string; readonly key: string | null; readonly count: number };

const dimensions = ['category', 'service', 'symptom', 'location', 'asset'] as const;
type Dimension = (typeof dimensions)[number];
const units = ['day', 'week', 'month'] as const;
type Unit = Exclude<BucketUnit, 'hour'>;

const columnOf = (table: TimelineTable, dimension: Dimension): Coded =>
  table.columns[dimension === 'asset' ? 'assets' : dimension];

/** The code of an incident's latest known value; for assets, of the list as it stands. */
function codeFinder(table: TimelineTable, dimension: Dimension): (incident: number, row: number) => number {
  const { codes } = columnOf(table, dimension);
  if (dimension === 'asset') return (_, row) => codes[row] as number;
  return (incident, row) => {
    const start = table.first[incident] as number;
    let known = row;
    while (known > start && codes[known] === 0) known -= 1;
    return codes[known] as number;
  };
}

/** The key that a code stands for; of a list of assets, the one that was affected last. */
function keyOf(table: TimelineTable, dimension: Dimension, code: number): string | null {
  if (code === 0) return null;
  return dimension === 'asset'
    ? (table.assetsOf(code).at(-1) ?? null)
    : table.columns[dimension].dictionary.valueOf(code);
}

/** The buckets from the earliest to the latest logging of a selection. */
function bucketsOf(
  table: TimelineTable,
  { incidents, size }: Selection,
  { unit, timeZone }: { unit: Unit; timeZone: string },
) {
  let earliest = Infinity;
  let latest = -Infinity;
  for (let index = 0; index < size; index += 1) {
    const time = loggedAt(table, incidents[index] as number);
    if (time < earliest) earliest = time;
    if (time > latest) latest = time;
  }
  const calendar = new Calendar(timeZone);
  const labels: string[] = [];
  const starts: number[] = [];
  if (size === 0) return { labels, bucketAt: () => 0 };
  const last = calendar.dateOf(latest);
  for (let date = bucketOf(unit, calendar.dateOf(earliest)); date <= last; date = nextBucket(unit, date)) {
    labels.push(bucketLabel(unit, date));
    starts.push(calendar.startOf(date));
  }
  return { labels, bucketAt: bucketFinder(starts) };
}

/** The entries of a selection, as indexes into it, bucket by bucket. */
function byBucket(table: TimelineTable, { incidents, size }: Selection, { labels, bucketAt }: Buckets) {
  const buckets = new Uint32Array(size);
  const counts = new Uint32Array(labels.length);
  for (let index = 0; index < size; index += 1) {
    const bucket = bucketAt(loggedAt(table, incidents[index] as number));
    buckets[index] = bucket;
    counts[bucket] = (counts[bucket] as number) + 1;
  }
  const starts = startsOf(counts);
  const next = starts.slice();
  const order = new Uint32Array(size);
  for (let index = 0; index < size; index += 1) {
    const bucket = buckets[index] as number;
    order[next[bucket] as number] = index;
    next[bucket] = (next[bucket] as number) + 1;
  }
  return { order, ends: next };
}

function countTrend(table: TimelineTable, selection: Selection, trend: Trend): TrendPoint[] {
  const buckets = bucketsOf(table, selection, trend);
  const { order, ends } = byBucket(table, selection, buckets);
  const codeOf = codeFinder(table, trend.dimension);
  const counts = new Uint32Array(columnOf(table, trend.dimension).dictionary.size);
  const points: TrendPoint[] = [];
  let place = 0;
  for (const [bucket, label] of buckets.labels.entries()) {
    const seen: number[] = [];
    for (; place < (ends[bucket] as number); place += 1) {
      const index = order[place] as number;
      const code = codeOf(selection.incidents[index] as number, selection.rows[index] as number);
      if (counts[code] === 0) seen.push(code);
      counts[code] = (counts[code] as number) + 1;
    }
    const byKey = new Map<string | null, number>();
    for (const code of seen) {
      const key = keyOf(table, trend.dimension, code);
      byKey.set(key, (byKey.get(key) ?? 0) + (counts[code] as number));
      counts[code] = 0;
    }
    const keys = [...byKey].sort(([one], [other]) => compareKeys(one, other));
    for (const [key, count] of keys) points.push({ bucket: label, key, count });
  }
  return points;
}

type Buckets = { readonly labels: readonly string[]; readonly bucketAt: (instant: number) => number };
type Trend = { readonly dimension: Dimension; readonly unit: Unit; readonly timeZone: string };
type Params = Trend & { readonly scope: Scope };

function readParams(query: QueryReader, unit: Unit | undefined): Params {
  const scope = readScope(query);
  const dimension = query.choice('dimension', dimensions) ?? 'category';
  return { scope, dimension, unit: unit ?? 'day', timeZone: scope.timeZone };
}

const labelPatterns: readonly (readonly [Unit, RegExp])[] = [
  ['day', /^\d{4}-\d{2}-\d{2}$/],
  ['week', /^\d{4}-W\d{2}$/],
  ['month', /^\d{4}-\d{2}$/],
];

/** The unit and the bucket that a number is asked about: `bucket` may say either, or, given twice, both. */
function readBucket(query: QueryReader): { readonly unit: Unit | undefined; readonly label: string | undefined } {
  const given = query.all('bucket');
  const named = units.find((unit) => given.includes(unit));
  const labels = given.filter((text) => text !== named);
  const [label] = labels;
  const unit = labelPatterns.find(([, pattern]) => label !== undefined && pattern.test(label))?.[0];
  if (labels.length > 1 || (label !== undefined && unit === undefined) || (named && unit && named !== unit)) {
    throw refused('bucket', 'bucket must be a unit (day, week, month), one bucket of the series, or both');
  }
  return { unit: named ?? unit, label };
}

/** What comes up how often as time goes by. */
export const trendsReport: Report = {
  entry: {
    name: 'trends',
    title: 'Trends',
    definition:
      'Incidents by the bucket in which they were logged (weeks as ISO 8601 counts them) and their latest known value; never known is null. By asset, an incident counts under the one that was affected last.',
    unit: 'incidents',
    timeBasis: 'logged',
    parameters: [
      { name: 'dimension', description: 'What is counted', values: dimensions, default: 'category' },
      { name: 'bucket', description: 'How time is divided', values: units, default: 'day' },
      ...commonParameters,
    ],
  },
  answer: (query) => {
    const params = readParams(query, query.choice('bucket', units));
    return (scene): TrendsAnswer => ({
      series: countTrend(scene.table, loggedWithin(scene, params.scope), params),
    });
  },
  incidents: (query) => {
    const { unit, label } = readBucket(query);
    const params = readParams(query, unit);
    const key = query.one('key');
    return (scene) => behind(scene, params, { label, key });
  },
};

function behind(
  scene: Scene,
  params: Params,
  { label, key }: { label: string | undefined; key: string | undefined },
): Selection {
  const { table } = scene;
  const selection = loggedWithin(scene, params.scope);
  const codeOf = codeFinder(table, params.dimension);
  const { labels, bucketAt } = bucketsOf(table, selection, params);
  const hasKey = Array.from(
    { length: columnOf(table, params.dimension).dictionary.size },
    (_, code) => key === undefined || keyOf(table, params.dimension, code) === (key === '' ? null : key),
  );
  return narrowed(
    selection,
    (incident, row) =>
      (label === undefined || labels[bucketAt(loggedAt(table, incident))] === label) &&
      hasKey[codeOf(incident, row)] === true,
  );
}
