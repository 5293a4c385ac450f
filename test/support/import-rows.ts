import { type ImportedIncident, type ImportFormat, LocalTimes, type SpooledRow } from '@faultline/imports';
import { evolve, type Incident, initialIncident } from '@faultline/incidents';
import { keyPrefix, parseRecord, rowRecord } from '../../libs/imports/src/spool/spooled-record';

/** A row by column; what is not named is unknown. */
export type RowByColumn = Readonly<Record<string, string>>;

const latest = Date.UTC(2030, 0, 1);

/** What reading rows needs, for a time zone. */
export const rowContext = (timeZone = 'UTC') => ({ times: new LocalTimes(timeZone), latest });

/** The row as the format's columns hold it. */
export const valuesOf = (format: ImportFormat, row: RowByColumn): string[] =>
  format.columns.map((column) => row[column] ?? '?');

/** The rows of one key in the order in which they are imported; `lines` numbers them from 2 on as they stand here. */
export function spooled(format: ImportFormat, rows: readonly RowByColumn[], timeZone = 'UTC'): SpooledRow[] {
  const records = rows.map((row, index) => {
    const values = valuesOf(format, row);
    const order = format.orderOf(values, rowContext(timeZone));
    if (typeof order !== 'string') throw new Error(`${order.column}: ${order.reason}`);
    return rowRecord(row[format.key] ?? '', order, { line: index + 2, values });
  });
  return records.sort().map((record) => parseRecord(record, keyPrefix(record)) as SpooledRow);
}

/** The incident that rows of one key tell; a person's id is `id:<name>`. */
export const incidentOf = (format: ImportFormat, rows: readonly RowByColumn[], timeZone = 'UTC'): ImportedIncident =>
  format.toIncident(spooled(format, rows, timeZone), {
    times: new LocalTimes(timeZone),
    personId: (name) => `id:${name}`,
  });

/** A CSV file of the format with these rows. */
export const csvOf = (format: ImportFormat, rows: readonly RowByColumn[]): string =>
  [format.columns.join(','), ...rows.map((row) => valuesOf(format, row).map(quoted).join(','))].join('\n') + '\n';

const quoted = (value: string): string => (/[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);

/** Bytes in pieces of the sizes given, the last one repeated. */
export async function* inPieces(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  await Promise.resolve();
  for (let start = 0, index = 0; start < bytes.length; index += 1) {
    const size = Math.max(1, sizes[Math.min(index, sizes.length - 1)] ?? bytes.length);
    yield bytes.subarray(start, start + size);
    start += size;
  }
}

/** The incident that imported events fold to. */
export function folded(events: ImportedIncident['events']): Incident {
  const via = { kind: 'import', id: 'import', format: 'test', digest: '', importer: 'importer' } as const;
  return events.reduce((incident, { event, occurredAt }, revision) => {
    const times = { occurredAt, recordedAt: occurredAt };
    const ids = { $correlationId: '', $causationId: '', commandId: '', schemaVersion: 1, hash: '' };
    const actor = { id: 'someone', kind: 'person' } as const;
    return evolve(incident, event, { id: '', position: '', revision, metadata: { ...times, ...ids, actor, via } });
  }, initialIncident());
}
