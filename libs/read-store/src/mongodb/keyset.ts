import { type Filter, type Sort } from '../read-store.port';

/** Types in MongoDB's order, as `$type` names them; below them all come null and missing, and below those the empty array. */
const types = ['number', 'string', 'object', 'bool', 'date'] as const;

function typeOf(value: unknown): (typeof types)[number] {
  if (typeof value === 'number' || typeof value === 'string') return typeof value as 'number' | 'string';
  if (typeof value === 'boolean') return 'bool';
  return value instanceof Date ? 'date' : 'object';
}

const emptyArray = Symbol('an empty array');

/** What a document sorts by, given the value of a field: of an array its least element, or its greatest where the order descends. */
function sortValue(value: unknown, direction: 1 | -1): unknown {
  if (!Array.isArray(value)) return value ?? null;
  const [first] = (value as unknown[]).map((element) => element ?? null).sort((a, b) => direction * order(a, b));
  return value.length === 0 ? emptyArray : first;
}

function order(a: unknown, b: unknown): number {
  const rank = (value: unknown) => (value === null ? -1 : types.indexOf(typeOf(value)));
  if (rank(a) !== rank(b) || a === null) return rank(a) - rank(b);
  if (typeof a === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b as string));
  return typeof a === 'object' && !(a instanceof Date) ? 0 : Number(a) - Number(b);
}

/**
 * What comes after a document in a sort, given the values of its sort fields. MongoDB compares within one type only, and with every
 * element of an array, but sorts all types in one order, and an array by its first element in that order. So a field comes after a
 * value if nothing in it comes before: the conditions deny each way of coming before.
 */
export function followers(sort: Sort, after: readonly unknown[]): Filter {
  const [[path, direction] = ['_id', 1 as const], ...rest] = sort;
  const value = sortValue(after[0], direction);
  if (path === '_id') return { _id: { [direction === 1 ? '$gt' : '$lt']: value } };
  const beyond = denial(path, direction === 1 ? '$lte' : '$gte', value);
  const atLeast = denial(path, direction === 1 ? '$lt' : '$gt', value);
  return { $and: [...atLeast, { $or: [{ $and: beyond }, followers(rest, after.slice(1))] }] };
}

type Comparison = '$lt' | '$lte' | '$gt' | '$gte';

/** That nothing in a field stands in this relation to a value, in the order of all types. */
function denial(path: string, comparison: Comparison, value: unknown): Filter[] {
  if (value === emptyArray) return besideEmpty(path, comparison);
  if (value === null && comparison === '$gte') return [{ [path]: { $size: 0 } }];
  const denied = [...within(path, comparison, value), ...ofOtherTypes(path, comparison, value)];
  // Both say the same. Planners take an index's bounds from `$not` alone; mongo-java-server understands only `$nor` of arrays.
  const bounds = within(path, comparison, value).map((way) => ({ [path]: { $not: way[path] } }));
  return denied.length === 0 ? [{}] : [...bounds, { $nor: denied }];
}

/** Nothing comes before an empty array. */
function besideEmpty(path: string, comparison: Comparison): Filter[] {
  const empty = { [path]: { $size: 0 } };
  if (comparison === '$lt') return [{}];
  if (comparison === '$gte') return [{ _id: { $in: [] } }];
  return comparison === '$gt' ? [empty] : [{ $nor: [empty] }];
}

function within(path: string, comparison: Comparison, value: unknown): Filter[] {
  if (value === null) return comparison === '$lte' ? [{ [path]: { $in: [null] } }] : [];
  return [{ [path]: { [comparison]: value } }];
}

/** What is of a type that comes before the value's, or after it. */
function ofOtherTypes(path: string, comparison: Comparison, value: unknown): Filter[] {
  const rank = value === null ? -1 : types.indexOf(typeOf(value));
  const named = (some: readonly string[]) => some.map((type) => ({ [path]: { $type: type } }));
  if (comparison === '$gt' || comparison === '$gte') return named(types.slice(rank + 1));
  const empty = { [path]: { $size: 0 } };
  return value === null ? [empty] : [empty, { [path]: null }, ...named(types.slice(0, rank))];
}
