import { type Filter } from '@faultline/read-store';
import fc from 'fast-check';

/** Where a server is known to differ from MongoDB's: the suite does not ask it there. */
export type Deviations = {
  /** Text is ordered by UTF-16, so that characters beyond U+FFFF come before some of those below. */
  readonly utf16?: boolean;
  /** One empty array does not sort as equal to another. */
  readonly emptyArrays?: boolean;
  /** A pattern is looked for in the text of an object, too. */
  readonly patternsInObjects?: boolean;
};

/** What is known of mongo-java-server 1.47.0; nothing of any other server. */
export const deviationsOf = (isJava: boolean): Deviations =>
  isJava ? { utf16: true, emptyArrays: true, patternsInObjects: true } : {};

/** Random documents (`fields`), filters, and sorts or indexes of at least so many fields (`ordering`), of few values that often meet. */
export function arbitraryQueries(deviations: Deviations) {
  const scalar = fc.constantFrom<unknown>(
    null,
    -1,
    0,
    0.5,
    1,
    2,
    '',
    'a',
    'ab',
    'b',
    'é',
    true,
    false,
    new Date(0),
    new Date(1),
  );
  const maybe = (fields: Record<string, fc.Arbitrary<unknown>>) => fc.record(fields, { requiredKeys: [] });
  const nested = maybe({ d: scalar });
  const fields = maybe({
    a: fc.oneof(scalar, scalar, fc.array(scalar, { minLength: deviations.emptyArrays ? 1 : 0, maxLength: 3 }), nested),
    b: scalar,
    n: fc.integer({ min: 0, max: 3 }),
    c: fc.oneof(nested, nested, fc.array(nested, { minLength: 1, maxLength: 2 })),
  });
  const path = fc.constantFrom('a', 'b', 'n', 'c.d');
  const anchored = ['^a', '^ab$', '^ab?', '^a\\.?'];
  const patterns = deviations.patternsInObjects ? anchored : ['b', ...anchored];
  const present = scalar.filter((value) => value !== null);
  const operators = fc.oneof(
    scalar,
    fc.array(scalar, { maxLength: 2 }),
    fc.record({ $eq: scalar }),
    fc.record({ $ne: scalar }),
    fc.record({ $gt: present }),
    fc.record({ $gte: present, $lt: present }),
    fc.record({ $lte: present }),
    fc.record({ $in: fc.array(scalar, { maxLength: 3 }) }),
    fc.record({ $nin: fc.array(scalar, { maxLength: 3 }) }),
    fc.record({ $exists: fc.boolean() }),
    fc.record({ $regex: fc.constantFrom(...patterns) }),
  );
  const condition = fc.tuple(path, operators).map(([key, value]) => ({ [key]: value }));
  const filterOf = (part: fc.Arbitrary<Filter>) => fc.array(part, { minLength: 1, maxLength: 2 });
  const filters: fc.Arbitrary<Filter> = fc.oneof(
    fc.constant({}),
    condition,
    condition,
    fc.tuple(condition, condition, condition).map((parts) => Object.assign({}, ...parts) as Filter),
    filterOf(condition).map((parts) => ({ $and: parts })),
    fc.tuple(condition, filterOf(condition)).map(([head, parts]) => ({ ...head, $or: parts })),
  );
  // MongoDB takes no index and no sort on two fields that are both arrays.
  const direction = fc.constantFrom<1 | -1>(1, -1);
  const ordering = (least: number) =>
    fc
      .tuple(
        fc.constantFrom('a', 'c.d'),
        fc.shuffledSubarray(['array', 'b', 'n'], { minLength: least }),
        fc.array(direction, { minLength: 3, maxLength: 3 }),
      )
      .map(([array, chosen, directions]) =>
        chosen.map((key, index) => [key === 'array' ? array : key, directions[index]!] as const),
      );

  return { fields, filters, ordering };
}

/** The value of a sort field for a cursor: of an array of objects on the way, the list of their values. */
export function cursorValue(document: object, path: string): unknown {
  const [head = '', ...rest] = path.split('.');
  const value = (document as Readonly<Record<string, unknown>>)[head];
  if (rest.length === 0 || value === undefined || value === null) return value;
  const below = (member: object) => cursorValue(member, rest.join('.'));
  return Array.isArray(value) ? (value as object[]).map((member) => below(member) ?? null) : below(value);
}
