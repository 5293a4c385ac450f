// A spooled record is one line of text that sorts, by UTF-16 code units, first by key and then by the order within the key:
//   key TAB order TAB line TAB values…            for a row
//   key TAB       TAB line TAB column TAB reason  for a rejected one, which so comes first in its group

/** A row of the file that was read: its place in the order of its key and the values of the known columns. */
export type SpooledRow = {
  /** The instant of the change, in ms. */
  readonly at: number;
  readonly line: number;
  readonly values: readonly string[];
};

/** A row that was rejected: `column` is null if the row as a whole is at fault. */
export type Rejection = { readonly line: number; readonly column: string | null; readonly reason: string };

/** The order of a row within its key as text of fixed width: the instant of the change first. */
export const orderText = (at: number, counter = 0): string =>
  digits(at, instantDigits) + digits(counter, counterDigits);

const instantDigits = 15;
const counterDigits = 15;
const lineDigits = 12;

const digits = (value: number, width: number): string => value.toString().padStart(width, '0');

/** The record of a row. */
export const rowRecord = (key: string, order: string, { line, values }: Omit<SpooledRow, 'at'>): string =>
  `${escape(key)}\t${order}\t${digits(line, lineDigits)}\t${values.map(escape).join('\t')}`;

/** The record that marks a key as having a rejected row. */
export const rejectionRecord = (key: string, { line, column, reason }: Rejection): string =>
  `${escape(key)}\t\t${digits(line, lineDigits)}\t${escape(column ?? '')}\t${escape(reason)}`;

/** The part of a record that is the same for all records of a key, and for no others. */
export const keyPrefix = (record: string): string => record.slice(0, record.indexOf('\t') + 1);

/** The key behind a prefix. */
export const keyOf = (prefix: string): string => unescape(prefix.slice(0, -1));

/** What a record says, given its key's prefix. */
export function parseRecord(record: string, prefix: string): SpooledRow | Rejection {
  const [order = '', line = '', ...rest] = record.slice(prefix.length).split('\t');
  const values = record.includes('\\') ? rest.map(unescape) : rest;
  if (order !== '') return { at: Number(order.slice(0, instantDigits)), line: Number(line), values };
  const [column = '', reason = ''] = values;
  return { line: Number(line), column: column === '' ? null : column, reason };
}

const special = /[\\\t\n\r]/;
const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };
const unescapes: Readonly<Record<string, string>> = { '\\\\': '\\', '\\t': '\t', '\\n': '\n', '\\r': '\r' };

const escape = (value: string): string =>
  special.test(value) ? value.replace(/[\\\t\n\r]/g, (character) => escapes[character] ?? character) : value;

const unescape = (value: string): string => value.replace(/\\[\\tnr]/g, (sequence) => unescapes[sequence] ?? sequence);
