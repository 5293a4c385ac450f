import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { type ContentEncoding, plainBytes } from '../csv/decompress';
import { RecordReader } from '../csv/record-reader';
import { type ImportFormat } from '../formats/import-format';
import { LocalTimes } from '../formats/local-times';
import { onDisk } from './disk';
import { defaultSortLimits, ExternalSort, type SortLimits } from './external-sort';
import { writeManifest } from './manifest';
import { RejectedRows } from './rejected-rows';
import { RowIntake } from './row-intake';
import { removeSpool, Spool } from './spool';

const day = 86_400_000;

/** How a file is spooled. */
export type SpoolOptions = {
  /** Holds the spool and nothing else; made if missing. */
  readonly directory: string;
  /** The IANA zone of times without an offset. */
  readonly timeZone: string;
  readonly encoding?: ContentEncoding;
  /** The present, in ms: no row lies more than a day after it. */
  readonly now: number;
  readonly limits?: SortLimits;
  readonly signal?: AbortSignal;
  /** Told again and again how many rows have been read. */
  readonly onRows?: (rows: number) => void;
};

/**
 * Reads a file to its end, checks its compression, encoding and header, sorts its rows on disk and answers the spool. Memory does not
 * grow with the file. Throws a DomainError `import.…` if the file as a whole is refused, StoreUnavailable if the disk fails; the
 * directory is then removed.
 */
export async function spoolImport(
  source: AsyncIterable<Uint8Array>,
  format: ImportFormat,
  options: SpoolOptions,
): Promise<Spool> {
  const times = new LocalTimes(options.timeZone);
  const { directory } = options;
  await removeSpool(directory);
  await onDisk(() => mkdir(directory, { recursive: true }));
  const rejected = await RejectedRows.create(directory);
  const sort = new ExternalSort(directory, options.limits ?? defaultSortLimits);
  const intake = new RowIntake(
    format,
    { times, latest: options.now + day },
    {
      record: (record) => {
        sort.add(record);
      },
      rejection: (rejection) => {
        rejected.add(rejection);
      },
    },
  );
  try {
    return await readAll(source, { format, options, intake, sort, rejected });
  } catch (error) {
    await rejected.abandon();
    await removeSpool(directory);
    throw error;
  }
}

type Parts = {
  readonly format: ImportFormat;
  readonly options: SpoolOptions;
  readonly intake: RowIntake;
  readonly sort: ExternalSort;
  readonly rejected: RejectedRows;
};

async function readAll(source: AsyncIterable<Uint8Array>, parts: Parts): Promise<Spool> {
  const { format, options, intake, sort, rejected } = parts;
  const digest = createHash('sha256');
  const reader = new RecordReader((record) => {
    intake.take(record);
  });
  for await (const chunk of plainBytes(source, options.encoding ?? null)) {
    options.signal?.throwIfAborted();
    digest.update(chunk);
    reader.push(chunk);
    if (sort.isFull) await sort.flush();
    await rejected.drain();
    options.onRows?.(intake.rows);
  }
  reader.end();
  const header = intake.finish();
  const runs = await sort.finish();
  await rejected.close();
  const manifest = {
    version: 1,
    format: format.name,
    timeZone: options.timeZone,
    digest: digest.digest('hex'),
    columns: header.present,
    ignoredColumns: header.ignored,
    rows: intake.rows,
    keylessRows: intake.keylessRows,
    rejected: rejected.first,
    rejectedRows: rejected.total,
    highestNumber: intake.highestNumber,
    runs,
  } as const;
  await writeManifest(options.directory, manifest);
  return new Spool(options.directory, manifest);
}
