import { Context } from 'mingo';
import { $regex } from 'mingo/operators/query/evaluation';
import { $and, $or } from 'mingo/operators/query/logical';
import { Query } from 'mingo/query';
import { type Filter } from '../read-store.port';
import { parsePath, valuesAt } from './paths';
import { compareWithinType, sameValue } from './values';

type Test = (value: unknown) => boolean;
type OperatorFactory = (path: string, operand: unknown) => (document: object) => boolean;

/** Whether any value at the path passes: the value itself, or an element where it is an array. */
function some(path: string, test: Test): (document: object) => boolean {
  const steps = parsePath(path);
  const [only] = steps;
  const passes: Test = (value) => (Array.isArray(value) && value.some(test)) || test(value);
  if (steps.length === 1 && only !== undefined) {
    return (document) => passes((document as Readonly<Record<string, unknown>>)[only]);
  }
  return (document) => valuesAt(document, steps).some(passes);
}

const equals =
  (operand: unknown): Test =>
  (value) =>
    sameValue(value, operand);

const oneOf = (operands: readonly unknown[]): Test => {
  const scalars = new Set(operands);
  const objects = operands.filter((operand) => typeof operand === 'object' && operand !== null);
  return (value) => scalars.has(value ?? null) || objects.some((operand) => sameValue(value, operand));
};

const compares =
  (operand: unknown, passes: (order: number) => boolean): Test =>
  (value) => {
    const order = compareWithinType(value, operand);
    return order !== undefined && passes(order);
  };

const not =
  (factory: OperatorFactory): OperatorFactory =>
  (path, operand) => {
    const test = factory(path, operand);
    return (document) => !test(document);
  };

const $eq: OperatorFactory = (path, operand) => some(path, equals(operand));
const $in: OperatorFactory = (path, operands) => some(path, oneOf(operands as readonly unknown[]));
const $exists: OperatorFactory = (path, wanted) => {
  const steps = parsePath(path);
  return (document) => valuesAt(document, steps).some((value) => value !== undefined) === wanted;
};

/**
 * mingo's `$and`, `$or` and `$regex`, and operators of our own where mingo differs from MongoDB: the order of members in objects,
 * null below arrays of objects and in `$gte` and `$lte`, arrays inside `$in` and in comparisons, strings by code units, not UTF-8.
 */
const operators = {
  $and,
  $or,
  $regex,
  $eq,
  $ne: not($eq),
  $in,
  $nin: not($in),
  $gt: (path: string, operand: unknown) =>
    some(
      path,
      compares(operand, (order) => order > 0),
    ),
  $gte: (path: string, operand: unknown) =>
    some(
      path,
      compares(operand, (order) => order >= 0),
    ),
  $lt: (path: string, operand: unknown) =>
    some(
      path,
      compares(operand, (order) => order < 0),
    ),
  $lte: (path: string, operand: unknown) =>
    some(
      path,
      compares(operand, (order) => order <= 0),
    ),
  $exists,
};

// mingo's type of an operator is the intersection of all of its own, which no single one can have.
const context = Context.init({
  query: operators as object as NonNullable<Parameters<typeof Context.init>[0]>['query'],
});

/** The predicate of a filter that was checked, with MongoDB's semantics. */
export function compilePredicate(filter: Filter): (document: object) => boolean {
  const query = new Query(filter, { context });
  return (document) => query.test(document as Record<string, unknown>);
}
