import { type Clock, type RecordedEvent } from '@faultline/kernel';
import { copyBlob, readThrough } from './copy-blobs';
import { copyEvents } from './copy-events';
import { type LogSummary } from './log-digest';
import { MigrationRefused, named } from './migration.errors';
import { type OnProgress, type Progress } from './progress';
import { checkComplete, type History, type Survey, survey } from './survey';

export { type History } from './survey';

export type MigrationOptions = {
  readonly clock: Clock;
  readonly onProgress?: OnProgress;
  /** Told each event of the source once, in order. */
  readonly onEvent?: (event: RecordedEvent) => void;
};

/** What a migration, or its verification, found and did. */
export type MigrationReport = {
  /** Of the whole log, the same on both sides. */
  readonly log: LogSummary;
  /** How many events this run copied, and in how many milliseconds. */
  readonly copied: { readonly events: number; readonly ms: number; readonly keys: number; readonly blobs: number };
  readonly keys: { readonly all: number; readonly destroyed: number; readonly unknown: number };
  readonly blobs: { readonly all: number; readonly bytes: number };
  /** Whether the target has events behind the last one of the source. */
  readonly goesOn: boolean;
};

/**
 * Makes the target hold what the source holds: keys, then events one append after the other, then blobs; then reads both again and compares
 * them. What an earlier run has done is not done again. Throws MigrationRefused, before anything is written, where the target holds what is
 * no beginning of the source; and where the two differ in the end.
 */
export async function migrate(source: History, target: History, options: MigrationOptions): Promise<MigrationReport> {
  const { onEvent } = options;
  const before = await survey(source, target, { onEvent, onRead: reporter(options, 'comparing') });
  if (before.log.beyond) {
    throw new MigrationRefused(`The target goes on where the source ends: with ${named(before.log.beyond)}.`);
  }
  const total = before.log.source.events;
  const missing = total - before.log.target.events;
  const copied = { events: missing, keys: before.keys.missing, blobs: before.blobs.missing.length };
  if (copied.keys > 0) await target.keys.importKeys(source.keys.exportKeys());
  const ms = await copyLog(source, target, { before, options });
  await copyBlobs(source, target, { before, options });
  const after = await survey(source, target, { onRead: reporter(options, 'verifying', total) });
  if (after.log.source.digest !== before.log.source.digest) {
    throw new MigrationRefused('The source has changed meanwhile. Stop whatever writes to it, and run this again.');
  }
  await check(after, source, target);
  return reportOf(after, { ...copied, ms });
}

/** Compares everything and writes nothing; the target may have gone on. Throws MigrationRefused where it lacks anything. */
export async function verifyMigration(
  source: History,
  target: History,
  options: MigrationOptions,
): Promise<MigrationReport> {
  const { onEvent } = options;
  const found = await survey(source, target, { onEvent, onRead: reporter(options, 'verifying') });
  await check(found, source, target);
  return reportOf(found, { events: 0, ms: 0, keys: 0, blobs: 0 });
}

type Part = { readonly before: Survey; readonly options: MigrationOptions };

/** Answers how long it took. */
async function copyLog(source: History, target: History, { before, options }: Part): Promise<number> {
  const { clock } = options;
  const began = clock.now();
  const { log } = before;
  if (log.target.events === log.source.events) return 0;
  const told = reporter(options, 'copying', log.source.events);
  const onCopied = (count: number) => {
    told(log.target.events + count);
  };
  await copyEvents({ source: source.events, target: target.events, clock, onCopied }, log.reached);
  return clock.now() - began;
}

async function copyBlobs(source: History, target: History, { before, options }: Part): Promise<void> {
  const { missing } = before.blobs;
  const told = reporter(options, 'blobs', missing.length);
  for (const [index, entry] of missing.entries()) {
    await copyBlob(source.blobs, target.blobs, entry);
    told(index + 1);
  }
}

/** Also reads every blob of the target: what its list tells is what was put, and not what the disk has kept. */
async function check(found: Survey, source: History, target: History): Promise<void> {
  checkComplete(found);
  for await (const { id } of source.blobs.list()) await readThrough(target.blobs, id);
}

const reporter =
  ({ onProgress }: MigrationOptions, phase: Progress['phase'], total?: number) =>
  (done: number): void =>
    onProgress?.({ phase, done, total });

function reportOf({ log, keys, blobs, unknownKeys }: Survey, copied: MigrationReport['copied']): MigrationReport {
  return {
    log: log.source,
    copied,
    keys: { all: keys.ids.size, destroyed: keys.destroyed, unknown: unknownKeys },
    blobs: { all: blobs.blobs, bytes: blobs.bytes },
    goesOn: log.beyond !== undefined,
  };
}
