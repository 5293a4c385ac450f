import { type Condition } from '../filter';
import { encodeValue, typeByteOf, typeBytes } from './key-bytes';

/** One end of a range, as encoded value; without a limit it is the type's byte alone. */
export type Edge = { readonly bytes: Buffer; readonly inclusive: boolean };

/** The index entries that can meet a condition. `exact`: all of them do, unless they were cut or stand for an element of an array. */
export type Bounds = { readonly exact: boolean } & (
  | { readonly kind: 'points'; readonly points: readonly Buffer[] }
  | { readonly kind: 'range'; readonly low: Edge; readonly high: Edge }
);

const maximumPoints = 64;

const points = (values: readonly unknown[]): Bounds => {
  const encoded = new Map(values.map(encodeValue).map((bytes) => [bytes.toString('latin1'), bytes]));
  return { kind: 'points', points: [...encoded.values()].sort((a, b) => Buffer.compare(a, b)), exact: true };
};

const nothing: Bounds = { kind: 'points', points: [], exact: true };
const rangeTypes: readonly number[] = [typeBytes.number, typeBytes.string, typeBytes.boolean, typeBytes.date];

/** What an index on the condition's path has to be searched for; undefined where an index does not help. */
export function boundsOf({ operator, value }: Condition): Bounds | undefined {
  switch (operator) {
    case '$eq':
      return Array.isArray(value) ? undefined : points([value]);
    case '$in': {
      const values = value as readonly unknown[];
      return values.length > maximumPoints || values.some(Array.isArray) ? undefined : points(values);
    }
    case '$gt':
    case '$gte':
    case '$lt':
    case '$lte':
      return rangeOf(operator, value);
    case '$regex':
      return prefixRange(value);
    case '$ne':
    case '$nin':
    case '$exists':
    case '$options':
      return undefined;
  }
}

function rangeOf(operator: '$gt' | '$gte' | '$lt' | '$lte', value: unknown): Bounds | undefined {
  const inclusive = operator === '$gte' || operator === '$lte';
  if (value === null || Number.isNaN(value)) return inclusive ? points([value]) : nothing;
  const type = typeByteOf(value);
  if (!rangeTypes.includes(type)) return undefined;
  const edge = { bytes: encodeValue(value), inclusive };
  if (operator === '$gt' || operator === '$gte') return { kind: 'range', low: edge, high: openEdge(type), exact: true };
  return { kind: 'range', low: type === typeBytes.number ? aboveNaN : openEdge(type), high: edge, exact: true };
}

const openEdge = (type: number): Edge => ({ bytes: Buffer.of(type), inclusive: true });
const aboveNaN: Edge = { bytes: encodeValue(NaN), inclusive: false };

/** The strings that begin with the text after `^`, as far as it is literal. */
function prefixRange(pattern: unknown): Bounds | undefined {
  const prefix = typeof pattern === 'string' ? literalPrefix(pattern) : '';
  if (prefix === '') return undefined;
  const bytes = encodeValue(prefix).subarray(0, -2);
  return { kind: 'range', low: { bytes, inclusive: true }, high: { bytes, inclusive: true }, exact: false };
}

function literalPrefix(pattern: string): string {
  if (!pattern.startsWith('^') || pattern.includes('|')) return '';
  let prefix = '';
  for (let index = 1; index < pattern.length; index += 1) {
    const escaped = pattern[index] === '\\';
    const character = pattern[escaped ? index + 1 : index] ?? '';
    if (escaped ? /[a-z0-9]/i.test(character) : /[\^$.*+?()[\]{}]/.test(character)) {
      return /[*?{]/.test(character) && !escaped ? Array.from(prefix).slice(0, -1).join('') : prefix;
    }
    prefix += character;
    if (escaped) index += 1;
  }
  return prefix;
}

/** Where keys of the range begin, and where they end: an edge that belongs to the range covers every key that begins with it. */
export const startOf = ({ bytes, inclusive }: Edge): Buffer => (inclusive ? bytes : afterPrefix(bytes));
export const endOf = ({ bytes, inclusive }: Edge): Buffer => (inclusive ? afterPrefix(bytes) : bytes);

/** The least key above every one that begins with `bytes`. */
export function afterPrefix(bytes: Buffer): Buffer {
  let end = bytes.length;
  while (bytes[end - 1] === 0xff) end -= 1;
  const next = Buffer.from(bytes.subarray(0, end));
  next[end - 1] = (next[end - 1] ?? 0) + 1;
  return next;
}

/** What meets both, if both are ranges over one type; undefined otherwise. */
export function intersection(a: Bounds, b: Bounds): Bounds | undefined {
  if (a.kind !== 'range' || b.kind !== 'range' || a.low.bytes[0] !== b.low.bytes[0]) return undefined;
  const low = Buffer.compare(startOf(a.low), startOf(b.low)) >= 0 ? a.low : b.low;
  const high = Buffer.compare(endOf(a.high), endOf(b.high)) <= 0 ? a.high : b.high;
  return { kind: 'range', low, high, exact: a.exact && b.exact };
}
