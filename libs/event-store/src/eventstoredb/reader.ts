import { type RecordedEvent } from '@faultline/kernel';
import { InvalidPosition, StreamNotFound } from '../event-store.errors';
import { type EventFilter, type ReadAllOptions, type ReadStreamOptions } from '../event-store.port';
import { parsePosition, startPosition } from '../position';
import { type Calls } from './calls';
import { type AllQuery, type Driver, type Item } from './eventstoredb.driver';
import { kindOf } from './failure';
import { selection } from './selection';

/** How many events a read with a limit asks for at least: some of them may be the store's own. */
const leastPage = 16;

/** Reads streams and the log, lazily. */
export class Reader {
  constructor(private readonly calls: Calls) {}

  async *stream(stream: string, options: ReadStreamOptions): AsyncGenerator<RecordedEvent> {
    const { direction = 'forwards', limit } = options;
    const backwards = direction === 'backwards';
    if (stream.startsWith('$')) throw new StreamNotFound(stream);
    let { from } = options;
    let left = limit ?? Infinity;
    const open = (driver: Driver) => driver.readStream(stream, { backwards, from, limit: finite(left) });
    try {
      for await (const events of this.calls.chunks({ open })) {
        for (const event of events) {
          from = event.revision + (backwards ? -1 : 1);
          left -= 1;
          yield event;
        }
        if (left <= 0 || (from ?? 0) < 0) return;
      }
    } catch (error) {
      if (kindOf(error) === 'stream-not-found') throw new StreamNotFound(stream);
      throw error;
    }
  }

  async *all({
    direction = 'forwards',
    filter,
    limit = Infinity,
    from,
  }: ReadAllOptions): AsyncGenerator<RecordedEvent> {
    if (from !== undefined && !parsePosition(from)) throw new InvalidPosition(from);
    const selected = selection(filter);
    const byServer = direction === 'forwards' && filter !== undefined && (await this.tellsTheEnd());
    const pages = byServer ? this.filtered(from, filter) : this.raw(direction === 'backwards', from, limit);
    let left = limit;
    if (left <= 0) return;
    for await (const events of pages) {
      for (const event of events) {
        if (!selected(event)) continue;
        yield event;
        left -= 1;
        if (left <= 0) return;
      }
    }
  }

  /** The position of the last event that is not the store's own; undefined where there is none. */
  async head(): Promise<string | undefined> {
    for await (const { position } of this.all({ direction: 'backwards', limit: 1 })) return position;
    return undefined;
  }

  /** The log as it is; under a limit in pages, each larger than the last. */
  private async *raw(backwards: boolean, start: string | undefined, limit: number): AsyncGenerator<RecordedEvent[]> {
    let from = start === startPosition ? undefined : start;
    if (backwards && start === startPosition) return;
    for (let size = Math.max(limit, leastPage); ; size *= 4) {
      let count = 0;
      const query = (): AllQuery => ({ backwards, from, limit: finite(size - count) });
      const call = { open: (driver: Driver) => driver.readAll(query()), position: () => from };
      for await (const events of this.calls.chunks(call)) {
        count += events.length;
        // Forwards, what follows begins with the event that came last.
        const repeated = count > events.length || size > Math.max(limit, leastPage) ? from : undefined;
        const fresh = events[0]?.position === repeated ? events.slice(1) : events;
        from = events.at(-1)?.position ?? from;
        yield fresh;
        if (count >= size) break;
      }
      if (count < size) return;
    }
  }

  /** What the server finds by its own filter, up to the end of the log as it is now: a subscription, for reads know no filter. */
  private async *filtered(from: string | undefined, filter: EventFilter): AsyncGenerator<RecordedEvent[]> {
    const end = await this.head();
    if (end === undefined || (from !== undefined && from > end)) return;
    let after = from === startPosition ? undefined : from;
    if (after !== undefined) {
      // A subscription begins behind its position, a read at it.
      const first = await this.first(after);
      if (!first) return;
      yield [first];
      after = first.position;
      if (after >= end) return;
    }
    const open = (driver: Driver) => driver.subscribe(after, filter);
    for await (const items of this.calls.chunks({ open, endless: true, position: () => after })) {
      const { events, reached, over } = until(end, items);
      after = reached ?? after;
      yield events;
      if (over) return;
    }
  }

  private async first(from: string): Promise<RecordedEvent | undefined> {
    for await (const [event] of this.raw(false, from, 1)) return event;
    return undefined;
  }

  private tellingTheEnd: boolean | undefined;

  /** Whether the server says when a subscription has caught up: since 23.10. */
  private async tellsTheEnd(): Promise<boolean> {
    if (this.tellingTheEnd !== undefined) return this.tellingTheEnd;
    const version = await this.calls.serverVersion();
    if (version === undefined) return false;
    const [major = 0, minor = 0] = version.split('.').map(Number);
    this.tellingTheEnd = major > 23 || (major === 23 && minor >= 10);
    return this.tellingTheEnd;
  }
}

/** The events up to the end of the log, how far the items reach, and whether that is all of it. */
function until(end: string, items: readonly Item[]) {
  const events: RecordedEvent[] = [];
  let reached: string | undefined;
  for (const item of items) {
    if (!('mark' in item)) {
      reached = item.position;
      if (reached <= end) events.push(item);
    } else if (item.mark === 'checkpoint') reached = item.position;
    else if (item.mark === 'caught-up') return { events, reached, over: true };
    if (reached !== undefined && reached >= end) return { events, reached, over: true };
  }
  return { events, reached, over: false };
}

const finite = (limit: number): number | undefined => (Number.isFinite(limit) ? limit : undefined);
