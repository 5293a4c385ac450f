import { type Filter, type Group, type GroupOptions, type ReadDocument, type Sort } from '@faultline/read-store';

// MongoDB's semantics in the plainest form: what the adapters are compared with.

type Fields = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);

/** Null (and missing) < numbers < strings < objects < arrays < booleans < dates. */
function rank(value: unknown): number {
  if (value === null || value === undefined) return 1;
  if (typeof value === 'number') return 2;
  if (typeof value === 'string') return 3;
  if (typeof value === 'boolean') return 6;
  if (value instanceof Date) return 7;
  return Array.isArray(value) ? 5 : 4;
}

const bySign = (difference: number): number => (difference < 0 ? -1 : difference > 0 ? 1 : 0);

/** The order of any two values. */
export function compareValues(a: unknown, b: unknown): number {
  if (rank(a) !== rank(b)) return bySign(rank(a) - rank(b));
  if (typeof a === 'string') return bySign(Buffer.compare(Buffer.from(a), Buffer.from(b as string)));
  if (Array.isArray(a)) return compareLists(a as unknown[], b as unknown[]);
  if (isObject(a)) return compareObjects(a, b as Fields);
  return a === null || a === undefined ? 0 : bySign(Number(a) - Number(b));
}

function compareLists(a: readonly unknown[], b: readonly unknown[]): number {
  for (let index = 0; index < Math.min(a.length, b.length); index += 1) {
    const order = compareValues(a[index], b[index]);
    if (order !== 0) return order;
  }
  return bySign(a.length - b.length);
}

function compareObjects(a: Fields, b: Fields): number {
  const [left, right] = [Object.entries(a), Object.entries(b)];
  for (let index = 0; index < Math.min(left.length, right.length); index += 1) {
    const [nameA, valueA] = left[index]!;
    const [nameB, valueB] = right[index]!;
    const order = bySign(rank(valueA) - rank(valueB)) || compareValues(nameA, nameB) || compareValues(valueA, valueB);
    if (order !== 0) return order;
  }
  return bySign(left.length - right.length);
}

/** The values at a path; an array of objects on the way stands for its members. */
function valuesAt(value: unknown, path: readonly string[]): unknown[] {
  const [head, ...rest] = path;
  if (head === undefined) return [value];
  if (Array.isArray(value)) return value.filter(isObject).flatMap((member) => valuesAt(member, path));
  return isObject(value) ? valuesAt(value[head], rest) : [undefined];
}

const at = (document: unknown, path: string): unknown[] => valuesAt(document, path.split('.'));

function meets(value: unknown, operator: string, operand: unknown, options: string): boolean {
  const comparable = rank(value) === rank(operand);
  const order = compareValues(value, operand);
  switch (operator) {
    case '$eq':
      return order === 0;
    case '$in':
      return (operand as unknown[]).some((member) => compareValues(value, member) === 0);
    case '$gt':
      return comparable && order > 0;
    case '$gte':
      return comparable && order >= 0;
    case '$lt':
      return comparable && order < 0;
    case '$lte':
      return comparable && order <= 0;
    case '$regex':
      return typeof value === 'string' && new RegExp(operand as string, options).test(value);
    default:
      throw new Error(operator);
  }
}

function meetsCondition(document: unknown, path: string, operators: Fields): boolean {
  const found = at(document, path);
  const some = (operator: string, operand: unknown) =>
    [...found, ...found.flatMap((value) => (Array.isArray(value) ? (value as unknown[]) : []))].some((value) =>
      meets(value, operator, operand, (operators.$options as string | undefined) ?? ''),
    );
  return Object.entries(operators).every(([operator, operand]) => {
    if (operator === '$options') return true;
    if (operator === '$ne') return !some('$eq', operand);
    if (operator === '$nin') return !some('$in', operand);
    if (operator === '$exists') return found.some((value) => value !== undefined) === operand;
    return some(operator, operand);
  });
}

/** Whether a document matches a filter. */
export function matches(document: unknown, filter: Filter): boolean {
  return Object.entries(filter).every(([key, value]) => {
    if (key === '$and') return (value as Filter[]).every((part) => matches(document, part));
    if (key === '$or') return (value as Filter[]).some((part) => matches(document, part));
    const operators =
      isObject(value) && Object.keys(value).some((name) => name.startsWith('$')) ? value : { $eq: value };
    return meetsCondition(document, key, operators);
  });
}

/** What a document sorts by: of an array its least element, or its greatest one; an empty array comes before null. */
function compareAt(a: unknown, b: unknown, path: string, direction: 1 | -1): number {
  const elements = (document: unknown) =>
    at(document, path).flatMap((value) => (Array.isArray(value) ? (value as unknown[]) : [value ?? null]));
  const [left, right] = [elements(a), elements(b)];
  if (left.length === 0 || right.length === 0) return direction * bySign(left.length - right.length);
  const first = (values: readonly unknown[]) => [...values].sort((x, y) => direction * compareValues(x, y))[0];
  return direction * compareValues(first(left), first(right));
}

/** The documents that match, in the order of the sort, ids last and ascending. */
export function select<Doc extends ReadDocument>(documents: readonly Doc[], filter: Filter, sort: Sort): Doc[] {
  const complete: Sort = [...sort, ['_id', 1]];
  return documents
    .filter((document) => matches(document, filter))
    .sort((a, b) => complete.map(([path, direction]) => compareAt(a, b, path, direction)).find(Boolean) ?? 0);
}

/** What `group` answers about top-level fields, sorted by key. */
export function groupsOf(documents: readonly ReadDocument[], { filter = {}, by, sums }: GroupOptions): Group[] {
  const groups: Group[] = [];
  for (const document of documents.filter((candidate) => matches(candidate, filter))) {
    const fields = document as Fields;
    const key = Object.fromEntries(by.map((path) => [path, fields[path] ?? null]));
    let group = groups.find((other) => compareValues(other.key, key) === 0);
    if (!group) groups.push((group = { key, sums: Object.fromEntries(Object.keys(sums).map((name) => [name, 0])) }));
    for (const [name, path] of Object.entries(sums)) {
      const value = path === 1 ? 1 : fields[path];
      if (typeof value === 'number') (group.sums as Record<string, number>)[name]! += value;
    }
  }
  return sortedGroups(groups);
}

/** Groups in the order of their keys, to compare them. */
export const sortedGroups = (groups: readonly Group[]): Group[] =>
  [...groups].sort((a, b) => compareValues(a.key, b.key));
