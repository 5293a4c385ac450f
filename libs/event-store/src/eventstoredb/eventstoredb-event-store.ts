import { type Clock, type NewEvent, type RecordedEvent, systemClock } from '@faultline/kernel';
import { StoreUnusable } from '../event-store.errors';
import {
  type AppendResult,
  type Delivery,
  type EventStore,
  type ExpectedRevision,
  type ReadAllOptions,
  type ReadStreamOptions,
  type SubscribeOptions,
} from '../event-store.port';
import { validateAppend } from '../validate-append';
import { Appender } from './appender';
import { Calls } from './calls';
import { ReplaceableClient, takeAppendingClient } from './clients';
import { type Connection, parseConnection } from './connection-string';
import { Reader } from './reader';
import { Server } from './server';
import { Subscription, type SubscriptionParts } from './subscription';

/** Where the log is, and how patient its users are. */
export type EventStoreDbOptions = {
  /** `esdb://…` or `esdb+discover://…`, also in their `kurrentdb` spellings. Secret where it holds a password. */
  readonly url: string;
  /** How long an append or a step of a read may take, in milliseconds (default 10,000). */
  readonly deadlineMs?: number;
  /** How many appends may be under way; the others wait for their turn (default 512). */
  readonly maxInFlight?: number;
  readonly clock?: Clock;
  /** Told what interrupted a subscription, each time; it goes on by itself. */
  readonly onTrouble?: (error: Error) => void;
};

/** EventStoreDB, or its successor KurrentDB, by its official client. */
class EventStoreDbEventStore implements EventStore {
  private readonly reading: ReplaceableClient;
  private readonly appending: ReturnType<typeof takeAppendingClient>;
  private readonly appender: Appender;
  private readonly reader: Reader;
  private readonly parts: SubscriptionParts;
  private readonly pending = new Set<Promise<unknown>>();
  private readonly closing = new AbortController();

  constructor(connection: Connection, options: Required<Omit<EventStoreDbOptions, 'url'>>) {
    const server = new Server(connection, options.clock, options.deadlineMs);
    this.reading = new ReplaceableClient(connection);
    this.appending = takeAppendingClient(connection);
    this.reader = new Reader(new Calls(this.reading, server));
    this.appender = new Appender(this.appending.client, server, options.maxInFlight, this.reader);
    this.parts = { client: this.reading, server, reader: this.reader, onTrouble: options.onTrouble };
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
    const signal = AbortSignal.any([options.signal, this.closing.signal]);
    return new Subscription(this.parts, { ...options, signal }).deliveries();
  }

  head(): Promise<string | undefined> {
    return this.reader.head();
  }

  async close(): Promise<void> {
    if (this.closing.signal.aborted) return;
    this.closing.abort();
    // The client would fail what is under way, although it may be written.
    await Promise.allSettled(this.pending);
    await Promise.all([this.appending.release(), this.reading.close()]);
  }

  private async write(stream: string, expected: ExpectedRevision, events: readonly NewEvent[]): Promise<AppendResult> {
    const valid = validateAppend(stream, events);
    if (this.closing.signal.aborted) throw new StoreUnusable('not-writable', 'This event store has been closed');
    return this.appender.append(stream, expected, valid);
  }
}

/**
 * Opens the log in EventStoreDB. Throws StoreUnusable for a URL that cannot be read, and asks nothing of the server: whether it is
 * there, and lets us in, the first call finds out.
 */
export function openEventStoreDbEventStore(options: EventStoreDbOptions): Promise<EventStore> {
  const { url, deadlineMs = 10_000, maxInFlight = 512, clock = systemClock, onTrouble = () => undefined } = options;
  return Promise.resolve().then(
    () => new EventStoreDbEventStore(parseConnection(url), { deadlineMs, maxInFlight, clock, onTrouble }),
  );
}
