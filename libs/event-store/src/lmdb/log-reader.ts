import { type RecordedEvent } from '@faultline/kernel';
import { InvalidPosition, StreamNotFound } from '../event-store.errors';
import {
  type Delivery,
  type EventFilter,
  type ReadAllOptions,
  type ReadStreamOptions,
  type SubscribeOptions,
} from '../event-store.port';
import { formatPosition, parsePosition } from '../position';
import { type Batch, countOf, decodeBatch, recordedEvents, streamOf } from './batch-record';
import { type DurableMark } from './durable-mark';
import { type LogEnvironment, type StreamEntry } from './environment';

const appendsPerPage = 256;
const lastRevision = Number.MAX_SAFE_INTEGER;

/** Reads the embedded log up to the durable mark, a page at a time: no snapshot outlives a page. */
export class LogReader {
  constructor(
    private readonly environment: LogEnvironment,
    private readonly mark: DurableMark,
  ) {}

  /** The last append of a stream, durable or not. */
  last(stream: string): { readonly revision: number; readonly entry: StreamEntry } | undefined {
    const { streams } = this.environment;
    for (const { key, value } of streams.getRange({
      start: [stream, lastRevision],
      end: [stream],
      reverse: true,
      limit: 1,
    })) {
      return { revision: key[1], entry: value };
    }
    return undefined;
  }

  /** The batch that holds a revision of a stream. */
  batchAt(stream: string, revision: number): Batch | undefined {
    const { streams } = this.environment;
    for (const { value } of streams.getRange({ start: [stream, revision], end: [stream], reverse: true, limit: 1 })) {
      return this.batch(value[0]);
    }
    return undefined;
  }

  async *stream(stream: string, options: ReadStreamOptions): AsyncGenerator<RecordedEvent> {
    const { direction = 'forwards', limit = Infinity } = options;
    const forwards = direction === 'forwards';
    const newest = this.last(stream);
    if (!newest || (newest.revision === 0 && newest.entry[0] > this.mark.position)) throw new StreamNotFound(stream);
    let revision = options.from ?? (forwards ? 0 : lastRevision);
    let left = limit;
    while (left > 0) {
      const page = this.streamPage(stream, revision, forwards);
      if (page.length === 0) return;
      for (const event of page) {
        if (left === 0) return;
        left -= 1;
        revision = event.revision + (forwards ? 1 : -1);
        yield event;
      }
      if (revision < 0) return;
    }
  }

  async *all(options: ReadAllOptions): AsyncGenerator<RecordedEvent> {
    const { direction = 'forwards', filter, limit = Infinity } = options;
    const forwards = direction === 'forwards';
    const end = this.mark.position;
    let from = this.startOf(options, forwards);
    let left = limit;
    while (left > 0) {
      const page = forwards && from > end ? [] : this.page(from, forwards, end);
      const last = page.at(-1);
      if (!last) return;
      for (const [first, bytes] of page) {
        const events = this.matching(first, bytes, filter).filter(({ position }) =>
          forwards ? counterOf(position) >= from : counterOf(position) < from,
        );
        for (const event of forwards ? events : events.reverse()) {
          if (left === 0) return;
          left -= 1;
          yield event;
        }
      }
      from = forwards ? last[0] + countOf(last[1]) : last[0];
    }
  }

  async *subscribe({ after, filter, signal, batchSize = 512 }: SubscribeOptions): AsyncGenerator<Delivery> {
    let position = after === undefined ? 0 : this.known(after);
    let first = true;
    const stopped = () => signal.aborted;
    while (!stopped()) {
      const end = this.mark.position;
      if (position >= end && !first) {
        await this.mark.beyond(position, signal);
        continue;
      }
      const { events, reached } = this.deliverable(position, { end, filter, batchSize });
      position = Math.max(position, reached);
      first = false;
      if (stopped()) return;
      if (position > 0) yield { events, position: formatPosition(position, position), live: position >= end };
      // Lets the answers of other requests through between two pages of a long catch-up.
      await new Promise(setImmediate);
    }
  }

  private deliverable(
    after: number,
    { end, filter, batchSize }: { end: number; filter: EventFilter | undefined; batchSize: number },
  ): { events: RecordedEvent[]; reached: number } {
    const events: RecordedEvent[] = [];
    let reached = after;
    for (const [first, bytes] of this.page(after + 1, true, end)) {
      for (const event of this.matching(first, bytes, filter)) {
        if (counterOf(event.position) <= after) continue;
        if (events.length === batchSize) return { events, reached };
        events.push(event);
        reached = counterOf(event.position);
      }
      reached = Math.max(reached, first + countOf(bytes) - 1);
    }
    return { events, reached };
  }

  /** Encoded appends from the one that holds `from` on, at most a page. */
  private page(from: number, forwards: boolean, end: number): [number, Buffer][] {
    const { log } = this.environment;
    const page: [number, Buffer][] = [];
    const range = forwards
      ? log.getRange({ start: this.appendHolding(from), end: end + 1, limit: appendsPerPage })
      : log.getRange({ start: Math.min(from - 1, end), end: 0, reverse: true, limit: appendsPerPage });
    for (const { key, value } of range) page.push([key, value]);
    return page;
  }

  private appendHolding(position: number): number {
    for (const key of this.environment.log.getKeys({ start: position, reverse: true, limit: 1 })) return key;
    return position;
  }

  private matching(first: number, bytes: Buffer, filter: EventFilter | undefined): RecordedEvent[] {
    if (filter?.streamPrefixes) {
      const stream = streamOf(bytes);
      if (!filter.streamPrefixes.some((prefix) => stream.startsWith(prefix))) return [];
    }
    const events = recordedEvents(decodeBatch(first, bytes));
    const types = filter?.eventTypes;
    return types ? events.filter(({ type }) => types.includes(type)) : events;
  }

  private streamPage(stream: string, revision: number, forwards: boolean): RecordedEvent[] {
    const { streams } = this.environment;
    const holding = [...streams.getKeys({ start: [stream, revision], end: [stream], reverse: true, limit: 1 })][0];
    const range = forwards
      ? streams.getRange({ start: holding ?? [stream, revision], end: [stream, lastRevision], limit: appendsPerPage })
      : streams.getRange({ start: [stream, revision], end: [stream], reverse: true, limit: appendsPerPage });
    const entries = [...range].map(({ value }) => value).filter(([first]) => first <= this.mark.position);
    const events = entries.flatMap(([first]) => {
      const batch = recordedEvents(this.batch(first));
      return forwards ? batch : batch.reverse();
    });
    return events.filter((event) => (forwards ? event.revision >= revision : event.revision <= revision));
  }

  private batch(first: number): Batch {
    return decodeBatch(first, this.environment.log.get(first) ?? Buffer.alloc(0));
  }

  private startOf({ from }: ReadAllOptions, forwards: boolean): number {
    if (from === undefined) return forwards ? 1 : this.mark.position + 1;
    const position = parsePosition(from);
    if (!position) throw new InvalidPosition(from);
    return Number(position.commit);
  }

  private known(after: string): number {
    const position = parsePosition(after);
    if (!position || position.commit !== position.prepare || Number(position.commit) > this.mark.position) {
      throw new InvalidPosition(after);
    }
    return Number(position.commit);
  }
}

const counterOf = (position: string): number => Number.parseInt(position.slice(0, 16), 16);
