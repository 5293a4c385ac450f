import { nameOfStore } from '@faultline/config';
import { type RecordedEvent, StoreUnavailable, systemClock } from '@faultline/kernel';
import { surviveFailedCommits } from '@faultline/lmdb-files';
import { migrate, type MigrationReport, type Progress, verifyMigration } from '@faultline/migration';
import { type StoreSettings } from '@faultline/stores';
import { OpenImports } from './open-imports';
import { makeBar } from './progress-bar';
import { isSame, type MigrateOptions, migrationSettings } from './migrate-settings';
import { openHistory } from './migrate-stores';

const phases: Readonly<Record<Progress['phase'], string>> = {
  comparing: 'Comparing',
  copying: 'Copying  ',
  blobs: 'Blobs    ',
  verifying: 'Verifying',
};

/** Copies a history and verifies it, or verifies alone; prints what it did. Nothing is written where the two do not fit. */
export async function migrateHistory(options: MigrateOptions): Promise<void> {
  // A client that waits for its server keeps no process alive: this one would end in the middle, as if all were well.
  const alive = setInterval(() => undefined, 60_000);
  const bars = new Bars();
  try {
    process.stdout.write(await run(options, bars));
  } catch (error) {
    bars.stop();
    if (error instanceof StoreUnavailable) {
      process.stderr.write('faultline: interrupted; the same command goes on where this one stopped\n');
    }
    throw error;
  } finally {
    clearInterval(alive);
  }
}

async function run(options: MigrateOptions, bars: Bars): Promise<string> {
  const { verifyOnly = false } = options;
  const { source, target } = migrationSettings(options, process.env);
  surviveFailedCommits();
  const imports = new OpenImports();
  const watch = {
    clock: systemClock,
    onProgress: (progress: Progress) => {
      bars.show(progress);
    },
    onEvent: (event: RecordedEvent) => {
      imports.take(event);
    },
  };
  const from = await openHistory(source, 'read');
  try {
    const to = await openHistory(target, verifyOnly ? 'read' : 'write');
    try {
      const report = await (verifyOnly ? verifyMigration : migrate)(from, to, watch);
      bars.stop();
      return textOf(report, { source, target, verifyOnly, imports: imports.ids() });
    } finally {
      await to.close();
    }
  } finally {
    await from.close();
  }
}

/** One bar for each phase, after one another. */
class Bars {
  private bar: ReturnType<typeof makeBar> | undefined;
  private phase: Progress['phase'] | undefined;

  show({ phase, done, total }: Progress): void {
    if (phase !== this.phase) {
      this.stop();
      this.phase = phase;
      const counts = total === undefined ? '{value}' : '{bar} {percentage} % | {value}/{total} | {eta} s left';
      this.bar = makeBar(`${phases[phase]} ${counts}`);
      this.bar.start(total ?? 0, 0);
    }
    this.bar?.update(done);
  }

  stop(): void {
    this.bar?.stop();
    this.bar = undefined;
    this.phase = undefined;
  }
}

type Context = {
  readonly source: StoreSettings;
  readonly target: StoreSettings;
  readonly verifyOnly: boolean;
  readonly imports: readonly string[];
};

function textOf(report: MigrationReport, { source, target, verifyOnly, imports }: Context): string {
  const { log, copied, keys, blobs } = report;
  const seconds = copied.ms / 1_000;
  const rate = seconds > 0 ? `, ${Math.round(copied.events / seconds)} a second` : '';
  const lines = [
    `${nameOfStore(target.eventStore)} holds the history of ${nameOfStore(source.eventStore)}` +
      (report.goesOn ? ', and has gone on since' : ''),
    `  events  ${log.events} in ${log.streams} streams${verifyOnly ? '' : `; ${copied.events} copied now${rate}`}`,
    `  keys    ${keys.all}, ${keys.destroyed} of them destroyed${place(source.keyStore, target.keyStore)}`,
    `  blobs   ${blobs.all}, ${blobs.bytes} bytes${place(source.blobStore, target.blobStore)}`,
    '  verified: every event, every hash chain, every key, every blob',
    `  SHA-256 over the hashes of all events, on either side: ${log.digest}`,
  ];
  if (keys.unknown > 0) {
    lines.push(
      `  ${keys.unknown} keys that events name are lost on the source: their fields read as erased on either side`,
    );
  }
  if (imports.length > 0) {
    lines.push(`  Imports that were not over, whose files are to be imported again: ${imports.join(', ')}`);
  }
  return `${lines.join('\n')}\n`;
}

const place = (source: StoreSettings['keyStore'], target: StoreSettings['keyStore']): string =>
  isSame(source, target) ? `; they stay in ${nameOfStore(target)}` : `; in ${nameOfStore(target)}`;
