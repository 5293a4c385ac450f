import { type Level, type Priority } from '@faultline/incidents';
import { type RowContext, type RowFault } from './import-format';

const longestQuote = 60;

/** A fault of a column, with the value (cut short) that is at fault. */
export const fault = (column: string, reason: string, value: string): RowFault => ({
  column,
  reason: `${reason}: ${JSON.stringify(value.length > longestQuote ? `${value.slice(0, longestQuote)}…` : value)}`,
});

/** Impact or urgency from `2 - Medium`; null if it is neither 1, 2 nor 3. */
export function parseLevel(text: string): Level | null {
  const digit = leadingDigit(text);
  return digit === 1 || digit === 2 || digit === 3 ? digit : null;
}

/** Priority from `1 - Critical`; null if it is not from 1 to 4. */
export function parsePriority(text: string): Priority | null {
  const digit = leadingDigit(text);
  return digit === 4 ? digit : parseLevel(text);
}

const leadingDigit = (text: string): number => Number(/^(\d)(?: - .*)?$/.exec(text)?.[1] ?? Number.NaN);

/** `true` or `false` in any case; null if it is neither. */
export function parseBoolean(text: string): boolean | null {
  const lower = text.toLowerCase();
  return lower === 'true' ? true : lower === 'false' ? false : null;
}

/** Whether an instant lies between 1970 and the latest one believed. */
export const isBelievable = (instant: number, { latest }: Pick<RowContext, 'latest'>): boolean =>
  instant >= 0 && instant <= latest;
