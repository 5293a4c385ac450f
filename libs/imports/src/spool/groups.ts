import { keyOf, keyPrefix, parseRecord, type SpooledRow } from './spooled-record';

/** All rows of one key in their order; `heldBack` says why they must not be imported, and `rows` is then empty. */
export type SpoolGroup = {
  readonly key: string;
  readonly rows: readonly SpooledRow[];
  /** How many rows of the file belong to the key. */
  readonly count: number;
  readonly heldBack: string | null;
};

/** How much one key may hold. */
export type GroupLimits = { readonly rows: number; readonly length: number };

/** 20,000 rows, 16 MB of text. */
export const defaultGroupLimits: GroupLimits = { rows: 20_000, length: 16 * 1024 * 1024 };

type OpenGroup = { prefix: string; rows: SpooledRow[]; count: number; length: number; heldBack: string | null };

/** Gathers sorted records into one group a key; a key with a rejected row, or with more than the limits allow, is held back. */
export async function* groupRecords(
  records: AsyncIterable<string>,
  limits: GroupLimits = defaultGroupLimits,
): AsyncGenerator<SpoolGroup> {
  let group: OpenGroup | null = null;
  for await (const record of records) {
    if (!group || !record.startsWith(group.prefix)) {
      if (group) yield close(group);
      group = { prefix: keyPrefix(record), rows: [], count: 0, length: 0, heldBack: null };
    }
    extend(group, record, limits);
  }
  if (group) yield close(group);
}

function extend(group: OpenGroup, record: string, limits: GroupLimits): void {
  group.count += 1;
  group.length += record.length;
  if (group.heldBack !== null) return;
  if (group.count > limits.rows || group.length > limits.length) {
    hold(group, `more than ${limits.rows} rows or ${limits.length} characters`);
    return;
  }
  const parsed = parseRecord(record, group.prefix);
  if ('values' in parsed) group.rows.push(parsed);
  else hold(group, `line ${parsed.line}${parsed.column === null ? '' : `, ${parsed.column}`}: ${parsed.reason}`);
}

function hold(group: OpenGroup, reason: string): void {
  group.heldBack = reason;
  group.rows = [];
}

const close = ({ prefix, rows, count, heldBack }: OpenGroup): SpoolGroup => ({
  key: keyOf(prefix),
  rows,
  count,
  heldBack,
});
