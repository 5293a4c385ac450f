/**
 * The log with its indexes: every event in order, and every stream's events by revision.
 *
 * There are two views, as in the server. Writers see everything that was accepted, so that the next check of a revision
 * counts writes which are still on their way to the disk. Readers and subscribers see what is committed: flushed, and
 * therefore never to disappear again.
 *
 * A new database is not empty: the server writes down its first epoch and its two users, in streams that begin with `$`.
 */
import { randomUUID } from 'node:crypto';
import { LogFile } from './log-file';
import { deletedRevision, layOut, type ProposedEvent, type RecordedEvent } from './records';
import {
  isMetastream,
  metadataOfMetastreams,
  metastreamOf,
  originalOf,
  parseMetadata,
  type StreamMetadata,
} from './stream-metadata';

/** A stream: `events` by revision as writers see them, the first `committed` of which readers see. */
export type Stream = {
  readonly name: string;
  readonly events: RecordedEvent[];
  committed: number;
  metadata: StreamMetadata;
  tombstone?: RecordedEvent;
  tombstoned: boolean;
};

/** One event to be written; without a revision, at the stream's next. */
export type Write = { readonly stream: string; readonly event: ProposedEvent; readonly revision?: number };

// EventStoreDB remembers the ids of recent events in 8 MiB.
const rememberedBytes = 8 * 1024 * 1024;
const rememberedSize = ({ stream }: RecordedEvent) => 28 + 2 * stream.length;

/** A log in memory, or in a directory if one is given. */
export class EventLog {
  readonly #all: RecordedEvent[] = [];
  readonly #streams = new Map<string, Stream>();
  readonly #remembered = new Map<string, RecordedEvent>();
  #rememberedBytes = 0;
  #end = 0;
  #committed = 0;
  #file: LogFile | undefined;
  #wake: () => void = () => undefined;
  #next = new Promise<void>((resolve) => (this.#wake = resolve));

  private constructor(readonly now: () => number) {}

  /** Opens a log; `now` gives the time in milliseconds. A directory's log is read back, cut at the first torn frame. */
  static async open(directory: string | undefined, now: () => number): Promise<EventLog> {
    const log = new EventLog(now);
    if (directory !== undefined) {
      const { file, writes, end } = await LogFile.open(directory);
      for (const events of writes) log.#accept(events);
      for (const events of writes) log.#commit(events);
      log.#end = end;
      log.#file = file;
    }
    if (log.#end === 0) await Promise.all(firstWrites().map((write) => log.write([write])));
    return log;
  }

  /** The committed events, in the order of the log, are `at(0)` to `at(committed - 1)`. */
  get committed(): number {
    return this.#committed;
  }

  /** The committed event of an ordinal number. */
  at(ordinal: number): RecordedEvent {
    const event = this.#all[ordinal];
    if (event === undefined) throw new RangeError(`The log has no event ${ordinal}`);
    return event;
  }

  /** The ordinal of the first committed event at or after a position; `committed` where there is none. */
  ordinalOf(position: number): number {
    let low = 0;
    let high = this.#committed;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.at(middle).position < position) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Resolves at the next commit. */
  nextCommit(): Promise<void> {
    return this.#next;
  }

  /** A stream, which has no events if it was never written. */
  stream(name: string): Stream {
    const known = this.#streams.get(name);
    if (known !== undefined) return known;
    const metadata = isMetastream(name) ? metadataOfMetastreams : {};
    return { name, events: [], committed: 0, metadata, tombstoned: false };
  }

  /** A recent event by its id, while it is remembered: never surely, and not after a restart. */
  remembered(id: string): RecordedEvent | undefined {
    return this.#remembered.get(id);
  }

  /** Accepts events as one write, all or none; resolves with them once they are committed. */
  async write(writes: readonly Write[]): Promise<readonly RecordedEvent[]> {
    const { events, frame } = layOut(this.#recorded(writes), this.#end);
    this.#end += frame.length;
    this.#accept(events);
    for (const event of events) this.#remember(event);
    const file = this.#file;
    if (file === undefined) this.#commit(events);
    else {
      await new Promise<void>((resolve) => {
        file.append(frame, () => {
          this.#commit(events);
          resolve();
        });
      });
    }
    return events;
  }

  /** Resolves once an accepted event is committed. */
  async committedEvent({ stream, revision }: RecordedEvent): Promise<void> {
    while (this.stream(stream).committed <= revision) await this.#next;
  }

  /** Waits for the writes under way and lets go of the file. */
  async close(): Promise<void> {
    await this.#file?.close();
  }

  #recorded(writes: readonly Write[]): Omit<RecordedEvent, 'position'>[] {
    const next = new Map<string, number>();
    const created = this.now();
    return writes.map(({ stream, event, revision }) => {
      const number = revision ?? next.get(stream) ?? this.stream(stream).events.length;
      next.set(stream, number + 1);
      return { ...event, stream, revision: number, created };
    });
  }

  #accept(events: readonly RecordedEvent[]): void {
    for (const event of events) {
      const stream = this.#existing(event.stream);
      if (event.revision === deletedRevision) stream.tombstone = event;
      else stream.events.push(event);
      if (isMetastream(event.stream)) this.#existing(originalOf(event.stream)).metadata = parseMetadata(event.data);
      this.#all.push(event);
    }
  }

  #existing(name: string): Stream {
    const stream = this.stream(name);
    this.#streams.set(name, stream);
    return stream;
  }

  #remember(event: RecordedEvent): void {
    this.#remembered.delete(event.id);
    this.#remembered.set(event.id, event);
    this.#rememberedBytes += rememberedSize(event);
    for (const [id, oldest] of this.#remembered) {
      if (this.#rememberedBytes <= rememberedBytes) break;
      this.#remembered.delete(id);
      this.#rememberedBytes -= rememberedSize(oldest);
    }
  }

  #commit(events: readonly RecordedEvent[]): void {
    for (const event of events) {
      const stream = this.stream(event.stream);
      if (event.revision === deletedRevision) stream.tombstoned = true;
      else stream.committed = event.revision + 1;
    }
    this.#committed += events.length;
    const wake = this.#wake;
    this.#next = new Promise((resolve) => (this.#wake = resolve));
    wake();
  }
}

/** Tells whether a stream, or the stream whose metadata it holds, was tombstoned, as writers see it. */
export function isTombstoned(log: EventLog, name: string): boolean {
  if (log.stream(name).tombstone !== undefined) return true;
  return isMetastream(name) && log.stream(originalOf(name)).tombstone !== undefined;
}

/** The same, as readers see it. */
export function isTombstonedForReaders(log: EventLog, name: string): boolean {
  return log.stream(name).tombstoned || (isMetastream(name) && log.stream(originalOf(name)).tombstoned);
}

function firstWrites(): Write[] {
  const system = (stream: string, type: string, data: object): Write => ({
    stream,
    event: {
      id: randomUUID(),
      type,
      isJson: true,
      metadata: Buffer.alloc(0),
      data: Buffer.from(JSON.stringify(data)),
    },
  });
  return [
    system('$epoch-information', '$epoch-information', { EpochPosition: 0, EpochNumber: 0, PrevEpochPosition: -1 }),
    system(metastreamOf('$user-admin'), '$metadata', { $acl: { $r: 'admin', $w: 'admin' } }),
    system('$user-admin', '$UserCreated', { LoginName: 'admin', FullName: 'Event Store Administrator' }),
    system('$users', '$User', { LoginName: 'admin' }),
  ];
}
