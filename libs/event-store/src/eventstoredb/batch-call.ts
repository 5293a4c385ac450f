import { type Duplex } from 'node:stream';

/**
 * The client's one long call that carries all appends, without the ways in which it fails whoever relies on it:
 * - The append for which it is opened is overtaken by those that find it open: they wait until it has been written.
 * - Where the connection breaks while writes wait for the buffer to drain, each of them is an unhandled rejection, which ends the
 *   process: none waits, and how many are under way is bounded by who appends.
 * - An answer that comes after another call of this process has failed finds no one to resolve and throws in an event handler,
 *   which ends the process too: it is dropped.
 */
export class BatchCall {
  private stream: Duplex | undefined;
  private opening: Promise<void> | undefined;
  private opened = (): void => undefined;

  /** Makes an append after those before it have been sent. */
  async inOrder<Result>(append: () => Promise<Result>): Promise<Result> {
    while (!this.stream && this.opening) await this.opening;
    if (this.stream) return append();
    let settle = (): void => undefined;
    const opening = new Promise<void>((resolve) => (settle = resolve));
    const opened = () => {
      if (this.opening === opening) this.opening = undefined;
      settle();
    };
    this.opening = opening;
    this.opened = opened;
    try {
      return await append();
    } finally {
      opened();
    }
  }

  /** Takes the call over as the client opens it. */
  guard(stream: Duplex): Duplex {
    const write = stream.write.bind(stream) as (request: unknown) => boolean;
    stream.write = (request: unknown) => {
      write(request);
      this.stream = stream;
      this.opened();
      return true;
    };
    for (const answer of stream.listeners('data') as ((response: unknown) => void)[]) {
      stream.off('data', answer);
      stream.on('data', (response) => {
        try {
          answer(response);
        } catch (error) {
          if (!(error instanceof TypeError)) throw error;
        }
      });
    }
    const over = () => {
      if (this.stream === stream) this.stream = undefined;
    };
    return stream.on('error', over).on('end', over).on('close', over);
  }
}
