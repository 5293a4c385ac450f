import { invalid } from '@faultline/kernel';
import { type Filter } from '@faultline/read-store';
import { type RawQuery } from '../http/query';

type Value = string | number | boolean | null;

const numeric = new Set(['priority', 'tier']);
const boolean = new Set(['open', 'major']);
const paths: Readonly<Record<string, string>> = { import: 'import.id' };

/** The dimensions by which incidents are filtered, each also as `not.<name>`. */
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

/** Every query parameter that a filtered listing takes for its filters. */
export const filterParameters: readonly string[] = [
  ...filterNames.flatMap((name) => [name, `not.${name}`]),
  'from',
  'to',
  'q',
];

const escapeRegex = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

function parse(name: string, text: string, me: string): Value {
  if (text === 'null') return null;
  const pointer = `?${name}`;
  if (numeric.has(name)) {
    if (!/^\d{1,2}$/.test(text)) throw invalid('request.invalid', `${name} takes a number or null`, { pointer });
    return Number(text);
  }
  if (boolean.has(name)) {
    if (text !== 'true' && text !== 'false') {
      throw invalid('request.invalid', `${name} takes true or false`, { pointer });
    }
    return text === 'true';
  }
  return (name === 'agent' || name === 'requester') && text === 'me' ? me : text;
}

const values = (name: string, raw: string | string[], me: string): Value[] =>
  [raw].flat().map((text) => parse(name, text, me));

/** The filter on incident documents that query parameters ask for: a name given twice means either, `not.` excludes. */
export function incidentFilter(raw: RawQuery, me: string, range: { from?: string; to?: string }): Filter {
  const conditions: Filter[] = [];
  for (const name of filterNames) {
    const path = paths[name] ?? name;
    const wanted = raw[name];
    const unwanted = raw[`not.${name}`];
    if (wanted !== undefined) {
      const list = values(name, wanted, me);
      conditions.push({ [path]: list.length === 1 ? list[0] : { $in: list } });
    }
    if (unwanted !== undefined) conditions.push({ [path]: { $nin: values(name, unwanted, me) } });
  }
  if (range.from !== undefined) conditions.push({ loggedAt: { $gte: range.from } });
  if (range.to !== undefined) conditions.push({ loggedAt: { $lt: range.to } });
  if (typeof raw['q'] === 'string' && raw['q'].trim() !== '') {
    const expression = { $regex: escapeRegex(raw['q'].trim()), $options: 'i' };
    conditions.push({ $or: ['number', 'title', 'description', 'symptom'].map((field) => ({ [field]: expression })) });
  }
  return conditions.length === 0 ? {} : { $and: conditions };
}
