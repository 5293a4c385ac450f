import { type Sort } from '../read-store.port';
import { afterPrefix, boundsOf } from './bounds';
import { sortComponent, tailStart } from './entry-keys';
import { type EntryReader } from './entry-reader';
import { type Condition } from '../filter';
import { component, type IndexPlan, type Interval, isConstant, keyFields, type Order } from './index-plan';
import { encodeValue } from './key-bytes';
import { keyValuesAt } from './paths';

/** What follows the fixed fields in a key: the bytes before the id, and the id. */
type Suffix = { readonly values: Buffer; readonly id: Buffer };

/** Where a listing goes on: after this entry, in whatever interval. */
export type Cursor = Suffix;

/** The place of the last document seen, by the values of its sort fields and its id. */
export function cursorOf(
  plan: IndexPlan,
  conditions: readonly Condition[],
  sort: Sort,
  after: readonly unknown[],
): Cursor {
  const parts = keyFields(plan.index)
    .slice(plan.equalities)
    .map(([path, direction]) => {
      const bounds = conditions.flatMap((condition) => (condition.path === path ? (boundsOf(condition) ?? []) : []));
      const [point] = bounds.flatMap((bound) =>
        bound.kind === 'points' && bound.points.length === 1 ? bound.points : [],
      );
      if (point && isConstant(path, conditions, plan.index)) return component(plan.index, { path, direction }, point);
      const value = after[sort.findIndex(([field]) => field === path)];
      const { values } = keyValuesAt(value, []);
      return path === '_id' ? encodeValue(value) : sortComponent(values, direction);
    });
  return { values: Buffer.concat(parts.slice(0, -1)), id: parts.at(-1) ?? Buffer.alloc(0) };
}

/** The keys of a plan that has an order, in this order, after the cursor. */
export function* orderedKeys(reader: EntryReader, plan: IndexPlan, cursor?: Cursor): Generator<Buffer> {
  const { order = 'forwards' } = plan;
  const streams = plan.intervals.map((interval) => {
    const rest = cursor ? restOf(interval, order, cursor) : interval;
    const keys = keysInOrder(reader, plan, rest);
    return cursor && order === 'backwards-ties-forwards' ? afterTies(keys, interval.prefix, cursor) : keys;
  });
  const [only] = streams;
  if (streams.length === 1 && only) yield* only;
  else yield* merged(plan, streams);
}

function restOf(interval: Interval, order: Order, { values, id }: Cursor): Interval {
  const fixed = interval.start.subarray(0, interval.prefix);
  if (order === 'forwards') {
    const from = afterPrefix(Buffer.concat([fixed, values, id]));
    return Buffer.compare(from, interval.start) > 0 ? { ...interval, start: from } : interval;
  }
  const until =
    order === 'backwards' ? Buffer.concat([fixed, values, id]) : afterPrefix(Buffer.concat([fixed, values]));
  return Buffer.compare(until, interval.end) < 0 ? { ...interval, end: until } : interval;
}

function* keysInOrder(reader: EntryReader, plan: IndexPlan, interval: Interval): Generator<Buffer> {
  if (Buffer.compare(interval.start, interval.end) >= 0) return;
  if (plan.order === 'forwards') yield* reader.keys(plan.index, interval);
  else if (plan.order === 'backwards') yield* reader.keys(plan.index, interval, true);
  else yield* tiesForwards(reader.keys(plan.index, interval, true));
}

/** Turns each run of entries with equal values around, so that ids ascend while values descend. */
function* tiesForwards(keys: Iterable<Buffer>): Generator<Buffer> {
  let run: Buffer[] = [];
  for (const key of keys) {
    const [first] = run;
    if (first && !sameBeforeTail(first, key)) {
      yield* run.reverse();
      run = [];
    }
    run.push(key);
  }
  yield* run.reverse();
}

const sameBeforeTail = (a: Buffer, b: Buffer): boolean => {
  const [endA, endB] = [tailStart(a), tailStart(b)];
  return endA === endB && a.compare(b, 0, endB, 0, endA) === 0;
};

function* afterTies(keys: Iterable<Buffer>, prefix: number, cursor: Cursor): Generator<Buffer> {
  for (const key of keys) {
    const { values, id } = suffixOf(key, prefix);
    if (values.equals(cursor.values) && Buffer.compare(id, cursor.id) <= 0) continue;
    yield key;
  }
}

function suffixOf(key: Buffer, prefix: number): Suffix {
  const start = tailStart(key);
  return { values: key.subarray(prefix, start), id: key.subarray(start, -2) };
}

type Head = {
  readonly stream: Iterator<Buffer>;
  readonly prefix: number;
  readonly key: Buffer;
  readonly suffix: Suffix;
};

function* merged(plan: IndexPlan, streams: readonly Generator<Buffer>[]): Generator<Buffer> {
  const { order = 'forwards' } = plan;
  const advance = (stream: Iterator<Buffer>, prefix: number): Head[] => {
    const next = stream.next();
    return next.done ? [] : [{ stream, prefix, key: next.value, suffix: suffixOf(next.value, prefix) }];
  };
  let heads = streams.flatMap((stream, index) => advance(stream, plan.intervals[index]?.prefix ?? 0));
  try {
    for (;;) {
      const first = leastHead(heads, order);
      if (!first) return;
      yield first.key;
      heads = heads.flatMap((head) => (head === first ? advance(head.stream, head.prefix) : [head]));
    }
  } finally {
    for (const stream of streams) stream.return(undefined);
  }
}

function leastHead(heads: readonly Head[], order: Order): Head | undefined {
  let [least] = heads;
  for (const head of heads) if (least && compareSuffixes(head.suffix, least.suffix, order) < 0) least = head;
  return least;
}

function compareSuffixes(a: Suffix, b: Suffix, order: Order): number {
  const byValues = Buffer.compare(a.values, b.values);
  if (byValues !== 0) return order === 'forwards' ? byValues : -byValues;
  const byId = Buffer.compare(a.id, b.id);
  return order === 'backwards' ? -byId : byId;
}
