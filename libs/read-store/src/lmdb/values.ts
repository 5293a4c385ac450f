import { encodeValue, typeByteOf } from './key-bytes';

const isScalar = (value: unknown): value is string | number | boolean | null | undefined =>
  typeof value !== 'object' || value === null;

/** Whether two values are equal to MongoDB: missing equals null, objects by their members in order. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (isScalar(a) || isScalar(b)) return (a ?? null) === (b ?? null) || (Number.isNaN(a) && Number.isNaN(b));
  return encodeValue(a).equals(encodeValue(b));
}

// Code units order surrogates below U+E000, UTF-8 orders the characters that they stand for above it.
const surrogates = /[\ud800-\udfff]/;

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  if (surrogates.test(a) || surrogates.test(b)) return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return a < b ? -1 : 1;
}

/** The order of two values of one type; undefined where MongoDB does not compare them: other types, and NaN with other numbers. */
export function compareWithinType(a: unknown, b: unknown): number | undefined {
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b);
  if (typeof a === 'number' && typeof b === 'number') {
    if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) && Number.isNaN(b) ? 0 : undefined;
    return a < b ? -1 : a > b ? 1 : 0;
  }
  if (typeByteOf(a) !== typeByteOf(b)) return undefined;
  return Buffer.compare(encodeValue(a), encodeValue(b));
}
