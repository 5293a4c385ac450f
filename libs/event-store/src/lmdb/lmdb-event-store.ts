import { type NewEvent, type RecordedEvent } from '@faultline/kernel';
import { StoreUnusable, WrongExpectedRevision } from '../event-store.errors';
import {
  type AppendResult,
  type Delivery,
  type EventStore,
  type ExpectedRevision,
  type ReadAllOptions,
  type ReadStreamOptions,
  type SubscribeOptions,
} from '../event-store.port';
import { formatPosition } from '../position';
import { type Batch, countOf, encodeBatch } from './batch-record';
import { DurableMark } from './durable-mark';
import { type LogEnvironment, openEnvironment, unavailable } from './environment';
import { LogReader } from './log-reader';
import { validateAppend } from '../validate-append';
import { WriterLock } from './writer-lock';

type Placed = { readonly revision: number; readonly last: number };

/** A write that is part of a transaction fails with it, and whoever awaits the transaction is told. */
const toldByTheTransaction = (): void => undefined;

/** The embedded event store: LMDB in this process, fsynced before an append is answered. */
export class LmdbEventStore implements EventStore {
  private readonly reader: LogReader;
  private readonly pending = new Set<Promise<unknown>>();
  private closed = false;

  constructor(
    private readonly environment: LogEnvironment,
    private readonly mark: DurableMark,
    /** Absent for a follower. */
    private readonly lock: WriterLock | undefined,
  ) {
    this.reader = new LogReader(environment, mark);
  }

  append(stream: string, expected: ExpectedRevision, events: readonly NewEvent[]): Promise<AppendResult> {
    const task = this.write(stream, expected, events);
    this.pending.add(task);
    const done = () => this.pending.delete(task);
    task.then(done, done);
    return task;
  }

  readStream(stream: string, options: ReadStreamOptions = {}): AsyncIterable<RecordedEvent> {
    return this.reader.stream(stream, options);
  }

  readAll(options: ReadAllOptions = {}): AsyncIterable<RecordedEvent> {
    return this.reader.all(options);
  }

  subscribe(options: SubscribeOptions): AsyncIterable<Delivery> {
    return this.reader.subscribe(options);
  }

  head(): Promise<string | undefined> {
    const { position } = this.mark;
    return Promise.resolve(position === 0 ? undefined : formatPosition(position, position));
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    await Promise.allSettled(this.pending);
    this.mark.close();
    this.lock?.release();
    await this.environment.root.close();
  }

  private async write(stream: string, expected: ExpectedRevision, events: readonly NewEvent[]): Promise<AppendResult> {
    const valid = validateAppend(stream, events);
    if (!this.lock || this.closed) throw new StoreUnusable('not-writable', 'This event store is not open for writing');
    const { root } = this.environment;
    let placed: Placed;
    try {
      // All checks come before the first write: a transaction that throws keeps what it has written.
      const committed = root.transaction(() => this.place(stream, expected, valid));
      placed = await committed;
      await root.flushed;
    } catch (error) {
      if (error instanceof WrongExpectedRevision || error instanceof StoreUnusable) throw error;
      throw await unavailable(error);
    }
    this.mark.advance(placed.last);
    return { revision: placed.revision, position: formatPosition(placed.last, placed.last) };
  }

  /** Inside a write transaction: finds the events where an earlier call put them, or puts them at the end of log and stream. */
  private place(stream: string, expected: ExpectedRevision, events: readonly NewEvent[]): Placed {
    this.lock?.check();
    const newest = this.reader.last(stream);
    const actual = newest ? newest.revision + newest.entry[1] - 1 : -1;
    const wanted = expected === 'no-stream' ? -1 : expected;
    if (wanted < actual) return this.repeated(stream, expected, { events, wanted, actual });
    if (wanted > actual) throw wrong(stream, expected, actual);
    const { log, streams } = this.environment;
    const first = endOf(this.environment) + 1;
    log.put(first, encodeBatch(stream, actual + 1, events)).catch(toldByTheTransaction);
    streams.put([stream, actual + 1], [first, events.length]).catch(toldByTheTransaction);
    return { revision: actual + events.length, last: first + events.length - 1 };
  }

  /** The same ids at the same revisions are an append that has been made already; anything else came too late. */
  private repeated(
    stream: string,
    expected: ExpectedRevision,
    { events, wanted, actual }: { events: readonly NewEvent[]; wanted: number; actual: number },
  ): Placed {
    let batch: Batch | undefined;
    let last = 0;
    for (const [index, { id }] of events.entries()) {
      const revision = wanted + 1 + index;
      if (!batch || revision >= batch.revision + batch.events.length) {
        batch = revision > actual ? undefined : this.reader.batchAt(stream, revision);
      }
      if (batch?.events[revision - batch.revision]?.id !== id) throw wrong(stream, expected, actual);
      last = batch.first + revision - batch.revision;
    }
    return { revision: wanted + events.length, last };
  }
}

const wrong = (stream: string, expected: ExpectedRevision, actual: number): WrongExpectedRevision =>
  new WrongExpectedRevision(stream, expected, actual < 0 ? 'no-stream' : actual);

/** The position of the last event written, durable or not. */
function endOf({ log }: LogEnvironment): number {
  for (const { key, value } of log.getRange({ reverse: true, limit: 1 })) {
    return key + countOf(value) - 1;
  }
  return 0;
}

/** Opens the store in `<directory>/events` as its one writer. Throws StoreUnusable when that cannot be. */
export function openLmdbEventStore({ directory }: { readonly directory: string }): Promise<LmdbEventStore> {
  return Promise.resolve().then(async () => {
    const environment = openEnvironment(directory, { readOnly: false });
    try {
      const lock = WriterLock.take(environment);
      return new LmdbEventStore(environment, new DurableMark(directory, endOf(environment), 'writer'), lock);
    } catch (error) {
      await environment.root.close();
      throw error;
    }
  });
}

/** Opens the store for reading and following, from another thread of the process that writes. */
export function followLmdbEventStore({ directory }: { readonly directory: string }): Promise<LmdbEventStore> {
  return Promise.resolve().then(async () => {
    const environment = openEnvironment(directory, { readOnly: true });
    const mark = new DurableMark(directory, 0, 'follower');
    await mark.known;
    return new LmdbEventStore(environment, mark, undefined);
  });
}
