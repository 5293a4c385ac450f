import { type Clock } from '@faultline/kernel';
import { type ImportedIncident, type ImportFormat } from './formats/import-format';
import { LocalTimes } from './formats/local-times';
import { ImportTally, type ImportProgress, type ImportReport } from './import.tally';
import { type AppendOutcome, type ImportTarget } from './import.target';
import { type Spool } from './spool/spool';

/** What a run needs beside spool, format and target. */
export type RunOptions = {
  /** The id of a person by the name that the file has: the same one for the same name, always. */
  readonly personId: (name: string) => string;
  readonly clock: Pick<Clock, 'now'>;
  readonly onProgress?: (progress: ImportProgress) => void;
  /** Told of each incident that is held back, as soon as it is. */
  readonly onHeldBack?: (key: string, reason: string) => void;
  readonly signal?: AbortSignal;
};

const batchIncidents = 200;
const batchEvents = 2000;

type Batch = { incidents: ImportedIncident[]; events: number; rows: number };

const emptyBatch = (): Batch => ({ incidents: [], events: 0, rows: 0 });

/**
 * Appends what a spool holds, incident by incident, and answers the report. A batch is mapped while the one before it is appended;
 * appends never overlap. Throws what the target throws, and the signal's reason between two batches: running it again is safe.
 */
export async function runImport(
  spool: Pick<Spool, 'manifest' | 'groups'>,
  format: ImportFormat,
  target: ImportTarget,
  options: RunOptions,
): Promise<ImportReport> {
  const tally = new ImportTally(spool.manifest, options.clock.now());
  const context = { times: new LocalTimes(spool.manifest.timeZone), personId: options.personId };
  await target.prepare(spool.manifest.highestNumber);
  const appender = new Appender(target, tally, options);
  let batch = emptyBatch();
  for await (const group of spool.groups()) {
    if (group.heldBack !== null) {
      tally.pass(group.count);
      hold(tally, options, { key: group.key, reason: group.heldBack });
      continue;
    }
    const incident = format.toIncident(group.rows, context);
    batch.incidents.push(incident);
    batch.events += incident.events.length;
    batch.rows += group.count;
    if (batch.incidents.length >= batchIncidents || batch.events >= batchEvents) {
      await appender.append(batch);
      batch = emptyBatch();
    }
  }
  await appender.append(batch);
  await appender.settle();
  return tally.report();
}

type HeldBack = { readonly key: string; readonly reason: string };

function hold(tally: ImportTally, options: RunOptions, { key, reason }: HeldBack): void {
  tally.hold(key, reason);
  options.onHeldBack?.(key, reason);
}

type Outcome = { readonly answer: readonly AppendOutcome[] } | { readonly error: unknown };

/** One append at a time, with the next batch prepared meanwhile. */
class Appender {
  private running: { readonly batch: Batch; readonly outcome: Promise<Outcome> } | null = null;

  constructor(
    private readonly target: ImportTarget,
    private readonly tally: ImportTally,
    private readonly options: RunOptions,
  ) {}

  async append(batch: Batch): Promise<void> {
    await this.settle();
    if (batch.incidents.length === 0) return;
    this.options.signal?.throwIfAborted();
    const outcome = this.target.appendIncidents(batch.incidents).then(
      (answer) => ({ answer }),
      (error: unknown) => ({ error }),
    );
    this.running = { batch, outcome };
  }

  /** Waits for the running append and counts what it did. */
  async settle(): Promise<void> {
    if (!this.running) return;
    const { batch, outcome } = this.running;
    this.running = null;
    const settled = await outcome;
    if ('error' in settled) throw settled.error;
    batch.incidents.forEach((incident, index) => {
      const answer = settled.answer[index];
      if (!answer) throw new Error('The import target left an incident without an outcome');
      if (answer.kind === 'held-back') hold(this.tally, this.options, { key: incident.number, reason: answer.reason });
      else this.tally.settle(incident, answer);
    });
    this.tally.pass(batch.rows);
    this.options.onProgress?.(this.tally.progress(this.options.clock.now()));
  }
}
