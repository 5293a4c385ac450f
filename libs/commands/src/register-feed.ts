import { type EventStore, startPosition, StoreUnusable } from '@faultline/event-store';
import { type RecordedEvent, type Register, StoreUnavailable, systemClock } from '@faultline/kernel';
import { type EventCodec } from './event-codec';

type Waiter = {
  readonly position: string;
  readonly resolve: () => void;
  readonly reject: (reason: Error) => void;
};

const keyRetryMs = 250;
const backOff = { firstMs: 100, factor: 1.5, maxMs: 5_000 };

/** Whether somebody may mend what went wrong while this process runs. */
const mayPass = (error: unknown): boolean => error instanceof StoreUnavailable || error instanceof StoreUnusable;

/** Asked anew after each wait. */
const stopped = ({ aborted }: AbortSignal): boolean => aborted;

const failed = (cause: unknown): Error => new StoreUnavailable('The registers no longer follow the log', { cause });

/** Keeps registers folded from the log: loaded before the first command, current ever after. */
export class RegisterFeed {
  private position = startPosition;
  private waiters: Waiter[] = [];
  private readonly stopping = new AbortController();
  private running: Promise<void> = Promise.resolve();
  /** What whoever waits is told once nothing follows the log any more. */
  private ended: Error | undefined;
  /** Why the feed does not follow the log at present, or stopped by itself: commands must not go on with registers that grow old. */
  failure: unknown;

  constructor(
    private readonly store: EventStore,
    private readonly codec: EventCodec,
    private readonly registers: readonly Register[],
    /** Told each time the log cannot be followed. */
    private readonly onTrouble: (error: unknown) => void = () => undefined,
  ) {}

  /** Folds everything recorded so far, then follows the log. */
  async start(): Promise<void> {
    const streamPrefixes = this.prefixes();
    const head = await this.store.head();
    const events = this.store.readAll({ filter: { streamPrefixes } });
    for await (const event of this.codec.openEach(events)) this.apply(event);
    if (head !== undefined && head > this.position) this.position = head;
    this.running = this.follow(streamPrefixes);
  }

  /** Resolves once every register reflects the log up to `position`. Rejects with StoreUnavailable where the feed has ended. */
  reached(position: string): Promise<void> {
    if (position <= this.position) return Promise.resolve();
    if (this.ended) return Promise.reject(this.ended);
    return new Promise((resolve, reject) => this.waiters.push({ position, resolve, reject }));
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private prefixes(): readonly string[] {
    return [...new Set(this.registers.flatMap(({ streamPrefixes }) => streamPrefixes))];
  }

  private async follow(streamPrefixes: readonly string[]): Promise<void> {
    const { signal } = this.stopping;
    let delay = backOff.firstMs;
    while (!signal.aborted) {
      try {
        const after = this.position === startPosition ? {} : { after: this.position };
        const options = { ...after, filter: { streamPrefixes }, prompt: true, signal };
        for await (const { events, position } of this.store.subscribe(options)) {
          for (const event of await this.opened(events)) this.apply(event);
          this.moveTo(position);
          this.failure = undefined;
          delay = backOff.firstMs;
        }
      } catch (error) {
        if (stopped(signal)) break;
        this.failure = error;
        this.onTrouble(error);
        if (!mayPass(error)) break;
        await systemClock.wait(delay, signal);
        delay = Math.min(delay * backOff.factor, backOff.maxMs);
      }
    }
    if (stopped(signal)) this.failure = undefined;
    this.ended = failed(this.failure ?? 'It was stopped');
    for (const { reject } of this.waiters.splice(0)) reject(this.ended);
  }

  /** Keys that are out of reach are waited for: the feed must outlive an outage of the key store. */
  private async opened(events: readonly RecordedEvent[]): Promise<readonly RecordedEvent[]> {
    const { signal } = this.stopping;
    for (;;) {
      try {
        return await this.codec.openAll(events);
      } catch (error) {
        if (signal.aborted || !(error instanceof StoreUnavailable)) throw error;
        await systemClock.wait(keyRetryMs, signal);
      }
    }
  }

  private apply(event: RecordedEvent): void {
    for (const register of this.registers) {
      if (register.streamPrefixes.some((prefix) => event.stream.startsWith(prefix))) register.apply(event);
    }
    if (event.position > this.position) this.position = event.position;
  }

  private moveTo(position: string): void {
    if (position > this.position) this.position = position;
    const due = this.waiters.filter((waiter) => waiter.position <= this.position);
    if (due.length === 0) return;
    this.waiters = this.waiters.filter((waiter) => waiter.position > this.position);
    for (const { resolve } of due) resolve();
  }
}
