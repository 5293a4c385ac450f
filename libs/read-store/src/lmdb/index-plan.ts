import { type Sort } from '../read-store.port';
import { afterPrefix, type Bounds, boundsOf, type Edge, endOf, intersection, startOf } from './bounds';
import { componentLimit, indexPrefix } from './entry-keys';
import { type Condition } from '../filter';
import { type StoredIndex } from './stored-collection';

/** A stretch of keys: from `start` up to `end`, which itself is no key; `prefix` bytes are the same in all of them. */
export type Interval = { readonly start: Buffer; readonly end: Buffer; readonly prefix: number };

/** How entries come in the order of the sort: as they stand, backwards, or backwards with equal ones by ascending id. */
export type Order = 'forwards' | 'backwards' | 'backwards-ties-forwards';

/** How one index serves one query. */
export type IndexPlan = {
  readonly index: StoredIndex;
  readonly intervals: readonly Interval[];
  /** How many fields are fixed to single values, and whether the next one is confined to a range. */
  readonly equalities: number;
  readonly ranged: boolean;
  /** The conditions that the intervals express. */
  readonly covered: ReadonlySet<Condition>;
  /** Whether the intervals hold exactly the entries that meet the covered conditions, one entry for each document. */
  readonly exact: boolean;
  readonly order: Order | undefined;
};

type Field = { readonly path: string; readonly direction: 1 | -1; readonly bounds: Bounds | undefined };

const maximumIntervals = 64;

/** The fields of an index's keys, the id last. */
export const keyFields = (index: StoredIndex): Sort => [...index.fields, ['_id', 1]];

/** How the index would serve a query with these conditions, in this (complete) sort. */
export function planIndex(
  collection: number,
  index: StoredIndex,
  conditions: readonly Condition[],
  sort: Sort,
): IndexPlan {
  const covered = new Set<Condition>();
  const fields: Field[] = [];
  let prefixes: readonly Buffer[] = [indexPrefix(collection, index.no)];
  let range: Field | undefined;
  for (const [path, direction] of keyFields(index)) {
    const searched = searchOf(path, conditions, index);
    const bounds = searched?.bounds;
    const field = { path, direction, bounds };
    if (!bounds) break;
    if (bounds.kind === 'points' && prefixes.length * bounds.points.length > maximumIntervals) break;
    for (const condition of searched.conditions) covered.add(condition);
    if (bounds.kind === 'range') range = field;
    if (bounds.kind === 'range') break;
    fields.push(field);
    prefixes = prefixes.flatMap((prefix) =>
      bounds.points.map((point) => Buffer.concat([prefix, component(index, field, point)])),
    );
  }
  const used = range ? [...fields, range] : fields;
  return {
    index,
    intervals: prefixes.map((prefix) => intervalOf(index, prefix, range)).filter(isPossible),
    equalities: fields.length,
    ranged: range !== undefined,
    covered,
    exact: !index.cut && used.every(({ path, bounds }) => bounds?.exact && !index.arrays.includes(path)),
    order: index.cut ? undefined : orderOf(index, fields.length, conditions, sort),
  };
}

const isPossible = ({ start, end }: Interval): boolean => Buffer.compare(start, end) < 0;

/** The conditions on a path that an index can search for together; on a path with arrays each element may meet another one. */
function searchOf(path: string, conditions: readonly Condition[], index: StoredIndex) {
  let found: { bounds: Bounds; conditions: Condition[] } | undefined;
  for (const condition of conditions) {
    const bounds = condition.path === path ? boundsOf(condition) : undefined;
    if (!bounds) continue;
    const both = found && !index.arrays.includes(path) ? intersection(found.bounds, bounds) : undefined;
    if (found && both) found = { bounds: both, conditions: [...found.conditions, condition] };
    else if (!found || (bounds.kind === 'points' && found.bounds.kind === 'range')) {
      found = { bounds, conditions: [condition] };
    }
  }
  return found;
}

const inverted = (bytes: Buffer): Buffer => Buffer.from(bytes.map((byte) => 0xff - byte));

/** The bytes of a value as this index stores them in this field. */
export function component(index: StoredIndex, field: { path: string; direction: 1 | -1 }, value: Buffer): Buffer {
  const limit = field.path === '_id' ? value.length : componentLimit(index.fields);
  const kept = value.subarray(0, limit);
  return field.direction === -1 ? inverted(kept) : kept;
}

function intervalOf(index: StoredIndex, prefix: Buffer, range: Field | undefined): Interval {
  const { length } = prefix;
  if (range?.bounds?.kind !== 'range') return { start: prefix, end: afterPrefix(prefix), prefix: length };
  const { low, high } = range.bounds;
  const edge = ({ bytes, inclusive }: Edge): Edge => {
    const stored = component(index, range, bytes);
    return { bytes: Buffer.concat([prefix, stored]), inclusive: inclusive || stored.length < bytes.length };
  };
  const [first, last] = range.direction === 1 ? [edge(low), edge(high)] : [edge(high), edge(low)];
  return { start: startOf(first), end: endOf(last), prefix: length };
}

/** Whether a path has the same single value in every document that is found. */
export const isConstant = (path: string, conditions: readonly Condition[], index: StoredIndex): boolean => {
  if (index.arrays.includes(path)) return false;
  return conditions.some((condition) => {
    const bounds = condition.path === path && index.fields.some(([field]) => field === path) && boundsOf(condition);
    return bounds && bounds.kind === 'points' && bounds.points.length === 1;
  });
};

function orderOf(index: StoredIndex, fixed: number, conditions: readonly Condition[], sort: Sort): Order | undefined {
  const varies = ([path]: Sort[number]) => !isConstant(path, conditions, index);
  const have = keyFields(index).slice(fixed).filter(varies);
  const wanted = sort.filter(varies);
  if (have.some(([path]) => index.arrays.includes(path))) return undefined;
  if (have.length !== wanted.length || have.some(([path], field) => path !== wanted[field]?.[0])) return undefined;
  const same = have.map(([, direction], field) => direction === wanted[field]?.[1]);
  if (same.every(Boolean)) return 'forwards';
  if (!same.some(Boolean)) return 'backwards';
  return same.at(-1) && !same.slice(0, -1).some(Boolean) ? 'backwards-ties-forwards' : undefined;
}
