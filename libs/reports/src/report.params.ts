import { incidentStatuses } from '@faultline/incidents';
import { oneOf, type QueryReader, refused } from './query-reader';

/** What incidents can be filtered by; each also as `not.<name>`. */
export const filterNames = [
  'state',
  'open',
  'priority',
  'team',
  'tier',
  'agent',
  'service',
  'category',
  'subcategory',
  'symptom',
  'location',
  'channel',
  'requester',
  'major',
  'import',
] as const;
export type FilterName = (typeof filterNames)[number];

/** The values that one filter admits (null: no restriction) and those that it excludes; a null among them is the unknown. */
export type Filter = {
  readonly name: FilterName;
  readonly either: readonly (string | null)[] | null;
  readonly not: readonly (string | null)[];
};

/** What every report takes: times in ms since the epoch, unbounded where not given; `to` is exclusive. */
export type Scope = {
  readonly filters: readonly Filter[];
  readonly from: number;
  readonly to: number;
  readonly asOf: number;
  readonly timeZone: string;
};

/** Reads the filters, `from`, `to`, `asOf` and `timeZone`. */
export function readScope(query: QueryReader): Scope {
  return {
    filters: filterNames.flatMap((name) => readFilter(query, name)),
    from: query.instant('from') ?? -Infinity,
    to: query.instant('to') ?? Infinity,
    asOf: query.instant('asOf') ?? Infinity,
    timeZone: query.zone('timeZone'),
  };
}

/** Whether an instant lies between `from` and `to`. */
export const within = ({ from, to }: Scope, time: number): boolean => time >= from && time < to;

function readFilter(query: QueryReader, name: FilterName): Filter[] {
  const either = readValues(query, name, name);
  const not = readValues(query, `not.${name}`, name);
  return either.length + not.length === 0 ? [] : [{ name, either: either.length > 0 ? either : null, not }];
}

/** The values that a filter takes beside null, where those are known beforehand. */
export const filterValues: Partial<Record<FilterName, readonly string[]>> = {
  state: incidentStatuses,
  open: ['true', 'false'],
  major: ['true', 'false'],
  priority: ['1', '2', '3', '4'],
};

function readValues(query: QueryReader, parameter: string, name: FilterName): (string | null)[] {
  return query.all(parameter).map((text) => {
    if (text === 'null') return null;
    const closed = filterValues[name];
    if (closed) return oneOf(parameter, text, closed);
    if (name === 'tier' && !/^[1-9]\d?$/.test(text)) throw refused(parameter, `${parameter} must be a support tier`);
    if (text === '') throw refused(parameter, `${parameter} must not be empty; the value null means unknown`);
    return text;
  });
}
