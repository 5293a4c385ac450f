import { type RecordedEvent } from '@faultline/kernel';
import { InvalidPosition } from '../event-store.errors';
import { type Delivery, type SubscribeOptions } from '../event-store.port';
import { parsePosition, startPosition } from '../position';
import { type Chunks } from './chunks';
import { type ReplaceableClient } from './clients';
import { type Item } from './eventstoredb.driver';
import { kindOf } from './failure';
import { type Reader } from './reader';
import { selection } from './selection';
import { type BackOff, type Server } from './server';

const backOff: BackOff = { firstMs: 100, factor: 1.5, maxMs: 5_000 };
const defaultBatch = 512;
/** A node that has just become the leader may show its end a moment later than it had been shown before. */
const looksAtTheEnd = 3;

/** What a subscription is built on. */
export type SubscriptionParts = {
  readonly client: ReplaceableClient;
  readonly server: Server;
  readonly reader: Reader;
  /** Told what interrupted a subscription, each time. */
  readonly onTrouble?: (error: Error) => void;
};

/** One subscription: catches up, goes on live, and comes back by itself, from the last position that was delivered. */
export class Subscription {
  private position: string | undefined;
  private connected = true;
  private delay = backOff.firstMs;
  private readonly selected: (event: RecordedEvent) => boolean;

  constructor(
    private readonly parts: SubscriptionParts,
    private readonly options: SubscribeOptions,
  ) {
    this.selected = selection(options.filter);
    if (options.after !== startPosition) this.position = options.after;
  }

  async *deliveries(): AsyncGenerator<Delivery> {
    const { signal, after } = this.options;
    const { server, onTrouble } = this.parts;
    const stopped = () => signal.aborted;
    if (after !== undefined && !parsePosition(after)) throw new InvalidPosition(after);
    while (!stopped()) {
      try {
        yield* this.session();
        if (stopped()) return;
        this.interrupted();
        onTrouble?.(server.unavailable(new Error('The server ended the subscription')));
      } catch (error) {
        const trouble = this.final(error);
        if (trouble.fatal) throw trouble.error;
        this.interrupted();
        onTrouble?.(trouble.error);
      }
      this.delay = await server.pause(this.delay, backOff, signal);
    }
  }

  /** Until the server ends the call, cleanly or not, or the reader has had enough. */
  private async *session(): AsyncGenerator<Delivery> {
    const { client, server } = this.parts;
    const { signal, filter, prompt = false, batchSize = defaultBatch } = this.options;
    const stopped = () => signal.aborted;
    const end = await unlessAborted(this.endOfLog(), signal);
    if (stopped()) return;
    const feed = (await client.current()).subscribe(this.position, prompt ? undefined : filter);
    const abort = () => {
      feed.close();
    };
    signal.addEventListener('abort', abort);
    try {
      let items = await server.within(feed.next(1), server.deadlineMs);
      const progress: Progress = { begun: end, end, live: end === undefined };
      while (items && !stopped()) {
        const delivery = await this.advance(items, progress);
        if (delivery && !stopped()) yield delivery;
        if (stopped()) return;
        items = await this.following(feed, batchSize);
      }
    } finally {
      signal.removeEventListener('abort', abort);
      feed.close();
    }
  }

  private following(feed: Chunks<Item>, batchSize: number): Item[] | Promise<Item[] | undefined> {
    const ready = feed.take(batchSize);
    return ready.length > 0 ? ready : feed.next(batchSize);
  }

  /** Takes items in; the delivery that follows from them, if any. */
  private async advance(items: readonly Item[], progress: Progress): Promise<Delivery | undefined> {
    const before = { position: this.position, live: progress.live };
    const events: RecordedEvent[] = [];
    for (const item of items) {
      if (!('mark' in item)) {
        // What was delivered before a reconnection is not delivered again, whatever the server sends.
        if (this.position !== undefined && item.position <= this.position) continue;
        this.position = item.position;
        if (this.selected(item)) events.push(item);
      } else if (item.mark === 'confirmed') this.restored();
      else if (item.mark === 'checkpoint') await this.reach(item.position, progress);
      else {
        progress.live = true;
        if (progress.begun !== undefined) this.moveTo(progress.begun);
      }
    }
    progress.live ||= this.position !== undefined && this.position >= (progress.begun ?? '');
    if (this.position === undefined) return undefined;
    this.delay = backOff.firstMs;
    const moved = events.length > 0 || this.position !== before.position || progress.live !== before.live;
    return moved ? { events, position: this.position, live: progress.live } : undefined;
  }

  /**
   * Moves past what was left out. A checkpoint among the store's own events lies behind the end that {@link Reader.head} tells, so it is
   * brought back to there: every position that is delivered can be compared with the end of the log later.
   */
  private async reach(checkpoint: string, progress: Progress): Promise<void> {
    if (progress.end === undefined || checkpoint > progress.end) progress.end = await this.parts.reader.head();
    const { end } = progress;
    if (end === undefined) return;
    this.moveTo(checkpoint < end ? checkpoint : end);
  }

  private moveTo(position: string): void {
    if (this.position === undefined || position > this.position) this.position = position;
  }

  /** The end of the log, which lies behind this subscription's position, or the log is not the one that gave it out. */
  private async endOfLog(): Promise<string | undefined> {
    const { reader, server } = this.parts;
    for (let look = 1; ; look += 1) {
      const end = await reader.head();
      if (this.position === undefined || (end !== undefined && this.position <= end)) return end;
      if (look === looksAtTheEnd) throw new InvalidPosition(this.position);
      await server.pause(backOff.firstMs, backOff, this.options.signal);
    }
  }

  private interrupted(): void {
    if (this.connected) this.options.onState?.('disconnected');
    this.connected = false;
  }

  private restored(): void {
    if (!this.connected) this.options.onState?.('connected');
    this.connected = true;
  }

  private final(error: unknown): { readonly error: Error; readonly fatal: boolean } {
    if (error instanceof InvalidPosition) return { error, fatal: true };
    if (kindOf(error) === 'invalid-position') {
      return { error: new InvalidPosition(this.position ?? startPosition), fatal: true };
    }
    const unusable =
      error instanceof Error && error.name === 'StoreUnusable' ? error : this.parts.server.unusable(error);
    if (unusable) return { error: unusable, fatal: true };
    return { error: this.parts.server.unavailable(error), fatal: false };
  }
}

/** Resolves like `task`, or as soon as `signal` aborts, to undefined; then nobody is told how the task ends. */
async function unlessAborted<Result>(task: Promise<Result>, signal: AbortSignal): Promise<Result | undefined> {
  let abort: () => void = () => undefined;
  const aborted = new Promise<undefined>((resolve) => {
    abort = () => {
      resolve(undefined);
    };
    signal.addEventListener('abort', abort);
  });
  task.catch(() => undefined);
  try {
    return await Promise.race([task, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

type Progress = {
  /** The end of the log before the subscription began: nothing up to there can be missing once it has caught up. */
  readonly begun: string | undefined;
  /** The end of the log as it was last seen. */
  end: string | undefined;
  live: boolean;
};
