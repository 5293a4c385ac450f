import { type Codes, type Dictionary } from './code-column';
import { type Selection } from './selection';

/** Codes by row, and what they stand for. */
export type Coded = { readonly codes: Codes; readonly dictionary: Dictionary };

/** Code units, null last. */
export const compareKeys = (one: string | null, other: string | null): number =>
  one === other ? 0 : one === null ? 1 : other === null ? -1 : one < other ? -1 : 1;

/** How often each code of a column occurs among the rows of a selection, by code. */
export function countByCode({ rows, size }: Selection, { codes, dictionary }: Coded): Uint32Array {
  const counts = new Uint32Array(dictionary.size);
  for (let index = 0; index < size; index += 1) {
    const code = codes[rows[index] as number] as number;
    counts[code] = (counts[code] as number) + 1;
  }
  return counts;
}

/** The codes that were counted, as groups in the order of their keys. */
export function groupsOf(
  counts: Uint32Array,
  dictionary: Dictionary,
): { readonly key: string | null; readonly code: number; readonly count: number }[] {
  const groups: { key: string | null; code: number; count: number }[] = [];
  counts.forEach((count, code) => {
    if (count > 0) groups.push({ key: dictionary.valueOf(code), code, count });
  });
  return groups.sort((a, b) => compareKeys(a.key, b.key));
}

/** Tells rows whose value has the key asked for: any row where no key is, unknown values where it is empty. */
export function keyTest({ codes, dictionary }: Coded, key: string | undefined): (row: number) => boolean {
  if (key === undefined) return () => true;
  const wanted = dictionary.find(key === '' ? null : key);
  return wanted === undefined ? () => false : (row) => codes[row] === wanted;
}

/** Where the entries of each code begin once they stand in the order of their codes. */
export function startsOf(counts: Uint32Array): Uint32Array {
  const starts = new Uint32Array(counts.length);
  let next = 0;
  for (let code = 0; code < counts.length; code += 1) {
    starts[code] = next;
    next += counts[code] as number;
  }
  return starts;
}
