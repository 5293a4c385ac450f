import { InvalidPosition } from '../event-store.errors';
import { type Chunks } from './chunks';
import { type ReplaceableClient } from './clients';
import { type Driver } from './eventstoredb.driver';
import { kindOf } from './failure';
import { type BackOff, longestShare, type Server, TooLate } from './server';

const backOff: BackOff = { firstMs: 50, factor: 1.5, maxMs: 1_000 };
const chunkSize = 512;

/** A call that streams its answers: how to make it, from where the last one stood. */
export type Call<Item> = {
  readonly open: (driver: Driver) => Chunks<Item>;
  /** A subscription: its end is a failure. */
  readonly endless?: boolean;
  /** Where the call begins, for the error that says that there is no such place. */
  readonly position?: () => string | undefined;
};

/** Streams answers of the server; a call that fails in passing is made again, as long as no step takes longer than the deadline. */
export class Calls {
  constructor(
    private readonly client: ReplaceableClient,
    private readonly server: Server,
  ) {}

  async *chunks<Item>(call: Call<Item>): AsyncGenerator<Item[]> {
    const { clock, deadlineMs } = this.server;
    let delay = backOff.firstMs;
    let deadline = clock.now() + deadlineMs;
    let told: unknown;
    for (;;) {
      const feed = call.open(await this.client.current());
      try {
        for (;;) {
          const items = await this.step(feed, deadline);
          if (!items && !call.endless) return;
          if (!items) throw Object.assign(new Error('The server ended the call'), { type: 'cancelled' });
          yield items;
          delay = backOff.firstMs;
          deadline = clock.now() + deadlineMs;
        }
      } catch (error) {
        this.refuseFinal(error, call.position?.());
        // That time ran out says less than what went wrong before.
        if (!(error instanceof TooLate)) told = error;
        if (clock.now() + delay * longestShare >= deadline) throw this.server.unavailable(told ?? error);
      } finally {
        feed.close();
      }
      delay = await this.server.pause(delay, backOff);
    }
  }

  /** The version that the server reports, or undefined where it cannot tell now. */
  async serverVersion(): Promise<string | undefined> {
    try {
      const driver = await this.client.current();
      return await this.server.within(driver.serverVersion(), this.server.deadlineMs);
    } catch {
      return undefined;
    }
  }

  private async step<Item>(feed: Chunks<Item>, deadline: number): Promise<Item[] | undefined> {
    const ready = feed.take(chunkSize);
    if (ready.length > 0) return ready;
    return this.server.within(feed.next(chunkSize), deadline - this.server.clock.now());
  }

  /** Throws what trying again cannot mend. */
  private refuseFinal(error: unknown, position: string | undefined): void {
    const kind = kindOf(error);
    if (kind === 'stream-not-found') throw error;
    if (kind === 'invalid-position' && position !== undefined) throw new InvalidPosition(position);
    const unusable = this.server.unusable(error);
    if (unusable) throw unusable;
    if (kind === 'unknown' && !(error instanceof Error && error.name === 'TooLate'))
      throw this.server.unavailable(error);
  }
}
