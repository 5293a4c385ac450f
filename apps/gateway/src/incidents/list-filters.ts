import { invalid } from '@faultline/kernel';
import { type Filter } from '@faultline/read-store';
import { filterNames, type FilterName, filterValues } from '@faultline/reports';
import { QueryReader, type RawQuery } from '../http/query';

type Value = string | number | boolean | null;

const numeric: ReadonlySet<FilterName> = new Set(['priority', 'tier'] as const);
const boolean: ReadonlySet<FilterName> = new Set(['open', 'major'] as const);
const paths: Readonly<Record<string, string>> = { import: 'import.id' };

/** Every query parameter that a filtered listing takes for its filters. */
export const filterParameters: readonly string[] = [
  ...filterNames.flatMap((name) => [name, `not.${name}`]),
  'from',
  'to',
  'q',
];

const escapeRegex = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

function parse(parameter: string, name: FilterName, text: string, me: string): Value {
  if (text === 'null') return null;
  const known = filterValues[name];
  const fault = (detail: string) =>
    invalid('request.invalid', `${parameter} takes ${detail}`, { pointer: `?${parameter}` });
  if (known && !known.includes(text)) throw fault(`one of ${known.join(', ')}, or null`);
  if (text === '') throw fault('a value; null means unknown');
  if (boolean.has(name)) return text === 'true';
  if (!numeric.has(name)) return (name === 'agent' || name === 'requester') && text === 'me' ? me : text;
  if (!/^[1-9]\d?$/.test(text)) throw fault('a number, or null');
  return Number(text);
}

/** The filter on incident documents that query parameters ask for: a name given twice means either, `not.` excludes. */
export function incidentFilter(raw: RawQuery, me: string, range: { from?: string; to?: string }): Filter {
  const conditions: Filter[] = [];
  for (const name of filterNames) {
    const path = paths[name] ?? name;
    const values = (parameter: string) => [raw[parameter] ?? []].flat().map((text) => parse(parameter, name, text, me));
    const wanted = values(name);
    const unwanted = values(`not.${name}`);
    if (wanted.length > 0) conditions.push({ [path]: wanted.length === 1 ? wanted[0] : { $in: wanted } });
    if (unwanted.length > 0) conditions.push({ [path]: { $nin: unwanted } });
  }
  if (range.from !== undefined) conditions.push({ loggedAt: { $gte: range.from } });
  if (range.to !== undefined) conditions.push({ loggedAt: { $lt: range.to } });
  const text = new QueryReader(raw, Object.keys(raw)).one('q')?.trim() ?? '';
  if (text !== '') {
    const expression = { $regex: escapeRegex(text), $options: 'i' };
    conditions.push({ $or: ['number', 'title', 'description', 'symptom'].map((field) => ({ [field]: expression })) });
  }
  return conditions.length === 0 ? {} : { $and: conditions };
}
