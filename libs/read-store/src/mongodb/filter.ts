import { checkFilter } from '../filter';
import { type Filter } from '../read-store.port';
import { alive } from './stored';

const isPlainObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);

/** The filter as MongoDB gets it: checked, and without tombstones. Throws `query.unsupported-operator`. */
export function mongoFilter(filter: Filter = {}, ...more: readonly Filter[]): Filter {
  checkFilter(filter);
  const parts = [...clausesOf(filter), ...more, alive];
  return parts.length === 1 ? alive : { $and: parts };
}

/** A clause for each condition: two operators on one path mean the same apart, and only so on servers that take them for one element's. */
function clausesOf(filter: Filter): Filter[] {
  return Object.entries(filter).flatMap(([key, value]): Filter[] => {
    if (key === '$and') return (value as Filter[]).flatMap(clausesOf);
    if (key === '$or') return [{ $or: (value as Filter[]).map((part) => all(clausesOf(part))) }];
    if (!isPlainObject(value) || !Object.keys(value).some((name) => name.startsWith('$'))) return [{ [key]: value }];
    const { $regex, $options, ...others } = value;
    const pattern = $options === undefined ? { $regex } : { $regex, $options };
    return [
      ...Object.entries(others).map(([operator, operand]) => clause(key, operator, operand)),
      ...($regex === undefined ? [] : [{ [key]: pattern }]),
    ];
  });
}

/** Absence is said as MongoDB defines it, by what is not there: mongo-java-server finds it in any element of an array. */
const clause = (path: string, operator: string, operand: unknown): Filter =>
  operator === '$exists' && operand === false
    ? { $nor: [{ [path]: { $exists: true } }] }
    : { [path]: { [operator]: operand } };

const all = (clauses: readonly Filter[]): Filter => {
  const [only] = clauses;
  return clauses.length === 1 && only ? only : { $and: clauses };
};
