import { invalid } from '@faultline/kernel';
import { type Filter } from './read-store.port';

/** One condition on one path. */
export type Condition = { readonly path: string; readonly operator: Operator; readonly value: unknown };

const operators = ['$eq', '$ne', '$gt', '$gte', '$lt', '$lte', '$in', '$nin', '$exists', '$regex', '$options'] as const;

/** The operators of the port that stand below a path. */
export type Operator = (typeof operators)[number];

/** What a checked filter asks: the conditions that every document must meet, and how many clauses are there beside them (`$or`). */
export type FilterParts = { readonly conditions: readonly Condition[]; readonly clauses: number };

const refuse = (operator: string, problem: string): never => {
  throw invalid('query.unsupported-operator', `${operator}: ${problem}`, { operator });
};

const isOperator = (key: string): key is Operator => (operators as readonly string[]).includes(key);

/** Checks a filter against what the port promises. Throws `query.unsupported-operator`. */
export function checkFilter(filter: Filter = {}): FilterParts {
  const found = { conditions: [] as Condition[], clauses: 0 };
  collect(filter, found);
  return found;
}

function collect(filter: Filter, found: { conditions: Condition[]; clauses: number }): void {
  for (const [key, value] of Object.entries(filter)) {
    if (key === '$and') {
      for (const part of branches(key, value)) collect(part, found);
    } else if (key === '$or') {
      for (const part of branches(key, value)) collect(part, { conditions: [], clauses: 0 });
      found.clauses += 1;
    } else if (key.startsWith('$')) refuse(key, 'the read store does not promise this operator');
    else found.conditions.push(...conditionsOf(key, value));
  }
}

function branches(operator: string, value: unknown): readonly Filter[] {
  if (!Array.isArray(value) || value.length === 0) return refuse(operator, 'takes a list of filters that is not empty');
  return value as readonly Filter[];
}

function conditionsOf(path: string, value: unknown): Condition[] {
  if (value === undefined) refuse(path, 'undefined is no value; leave the field out, or look for null');
  if (value instanceof RegExp) refuse(path, 'use $regex with a text');
  const keys = isPlainObject(value) ? Object.keys(value) : [];
  if (!keys.some((key) => key.startsWith('$'))) return [{ path, operator: '$eq', value }];
  return Object.entries(value as Readonly<Record<string, unknown>>).map(([operator, operand]) => {
    if (!isOperator(operator)) return refuse(operator, 'the read store does not promise this operator');
    checkOperand(operator, operand, keys);
    return { path, operator, value: operator === '$regex' && keys.includes('$options') ? undefined : operand };
  });
}

function checkOperand(operator: Operator, operand: unknown, beside: readonly string[]): void {
  if (operand === undefined) refuse(operator, 'undefined is no value');
  if ((operator === '$in' || operator === '$nin') && !isListOfValues(operand))
    refuse(operator, 'takes a list of values');
  if (operator === '$exists' && typeof operand !== 'boolean') refuse(operator, 'takes true or false');
  if (operator === '$regex' && typeof operand !== 'string') refuse(operator, 'takes a text');
  if (operator === '$regex' && !isPattern(operand as string)) refuse(operator, 'is no regular expression');
  if (operator === '$options' && (operand !== 'i' || !beside.includes('$regex')))
    refuse(operator, "takes 'i' beside $regex");
}

function isPattern(text: string): boolean {
  try {
    return new RegExp(text) instanceof RegExp;
  } catch {
    return false;
  }
}

const isListOfValues = (operand: unknown): boolean =>
  Array.isArray(operand) && operand.every((member) => member !== undefined && !(member instanceof RegExp));

const isPlainObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
