import { type EventStore, maxAppendBytes, WrongExpectedRevision } from '@faultline/event-store';
import { type Clock, type RecordedEvent, StoreUnavailable } from '@faultline/kernel';
import { MigrationRefused } from './migration.errors';

/** Half of what an append may hold: servers count an event's name and ids too, each in its own way. */
const appendBytes = maxAppendBytes / 2;

/** How long a store may be away before a migration gives up; it goes on from there when it is run again. */
const patience = { firstMs: 100, factor: 1.5, longestMs: 5_000, totalMs: 60_000 };

type Copying = {
  readonly source: Pick<EventStore, 'readAll'>;
  readonly target: Pick<EventStore, 'append'>;
  readonly clock: Clock;
  /** Told how many events were copied so far, after each append. */
  readonly onCopied?: (events: number) => void;
};

/**
 * Appends to the target what stands behind `after` (a position of the source) on the source. One append after
 * the other, since the order of the whole log is part of the history; the ids make a repeated append harmless. Throws MigrationRefused
 * where somebody else writes to the target, and StoreUnavailable where a store is away for a minute.
 */
export async function copyEvents(
  { source, target, clock, onCopied }: Copying,
  after: string | undefined,
): Promise<void> {
  const events = source.readAll(after === undefined ? {} : { from: after });
  let copied = 0;
  for await (const run of runsOf(events, after)) {
    await insist(clock, () => append(target, run));
    copied += run.length;
    onCopied?.(copied);
  }
}

/** Neighbours of one stream, as many as one append may hold. */
async function* runsOf(
  events: AsyncIterable<RecordedEvent>,
  after: string | undefined,
): AsyncGenerator<RecordedEvent[]> {
  let run: RecordedEvent[] = [];
  let size = 0;
  for await (const event of events) {
    if (event.position === after) continue;
    const bytes = sizeOf(event);
    if (run.length > 0 && (run[0]?.stream !== event.stream || size + bytes > appendBytes)) {
      yield run;
      run = [];
      size = 0;
    }
    run.push(event);
    size += bytes;
  }
  if (run.length > 0) yield run;
}

const sizeOf = ({ data, metadata }: RecordedEvent): number =>
  Buffer.byteLength(JSON.stringify(data)) + Buffer.byteLength(JSON.stringify(metadata));

async function append(target: Pick<EventStore, 'append'>, run: readonly RecordedEvent[]): Promise<void> {
  const [first] = run;
  if (!first) return;
  const expected = first.revision === 0 ? 'no-stream' : first.revision - 1;
  const events = run.map(({ id, type, data, metadata }) => ({ id, type, data, metadata }));
  try {
    await target.append(first.stream, expected, events);
  } catch (error) {
    if (!(error instanceof WrongExpectedRevision)) throw error;
    throw new MigrationRefused(`Somebody else writes to the target: ${error.message}. Stop it, and begin anew.`, {
      cause: error,
    });
  }
}

/** Repeats what a store that is away, or whose answer was lost, has not done. */
async function insist(clock: Clock, task: () => Promise<void>): Promise<void> {
  const began = clock.now();
  for (let delay = patience.firstMs; ; delay = Math.min(delay * patience.factor, patience.longestMs)) {
    try {
      await task();
      return;
    } catch (error) {
      if (!(error instanceof StoreUnavailable) || clock.now() - began > patience.totalMs) throw error;
      await clock.wait(delay);
    }
  }
}
