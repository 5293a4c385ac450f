import { type Readable } from 'node:stream';

/** Takes what a Readable has, several items at a time: nothing is taken before it is asked for, so that the consumer sets the pace. */
export class Chunks<Item> {
  private wake: (() => void) | undefined;
  private failure: unknown;
  private failed = false;
  private ended = false;
  private closed = false;

  constructor(
    private readonly source: Readable,
    private readonly cancel: () => Promise<void>,
    private readonly convert: (raw: never) => Item,
    /** What an error of the source comes from. */
    private readonly explain: (error: unknown) => Promise<unknown>,
  ) {
    const stir = () => this.wake?.();
    source.on('readable', stir);
    source.on('end', () => {
      this.ended = true;
      stir();
    });
    source.on('error', (error) => {
      this.failure = error;
      this.failed = true;
      stir();
    });
  }

  /** What has arrived, at most `most` items; none where nothing has. */
  take(most: number): Item[] {
    const items: Item[] = [];
    while (items.length < most) {
      const raw: unknown = this.source.read();
      if (raw === null) break;
      items.push(this.convert(raw as never));
    }
    return items;
  }

  /** Waits for what arrives next, at most `most` items. Undefined at the end; throws what ended the call. */
  async next(most: number): Promise<Item[] | undefined> {
    for (;;) {
      const items = this.take(most);
      if (items.length > 0) return items;
      if (this.failed) throw await this.explain(this.failure);
      if (this.ended || this.closed) return undefined;
      await new Promise<void>((resolve) => (this.wake = resolve));
      // What came in one piece over the network is taken in one piece.
      await new Promise(setImmediate);
    }
  }

  /** Ends the call at the server; whoever waits is told that it is over. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.wake?.();
    // A call that was never made, or is over, cannot be cancelled: either way it is gone.
    this.cancel().catch(() => undefined);
  }
}
