import { resolve } from 'node:path';
import { BroadcastChannel } from 'node:worker_threads';

type Message = { readonly kind: 'mark'; readonly position: number } | { readonly kind: 'ask' };

/**
 * The position of the last event that is on disk. The writer moves it, followers in other threads of the process hear of it; nobody
 * reads beyond it.
 */
export class DurableMark {
  private waiters: (() => void)[] = [];
  private readonly channel: BroadcastChannel;
  private heard!: () => void;
  /** Resolves once the writer has told where it stands; at once for the writer. */
  readonly known = new Promise<void>((resolve) => {
    this.heard = resolve;
  });

  constructor(
    directory: string,
    private value: number,
    role: 'writer' | 'follower',
  ) {
    this.channel = new BroadcastChannel(`faultline-events:${resolve(directory)}`);
    this.channel.onmessage = (event: unknown) => {
      const message = (event as { data: Message }).data;
      if (message.kind === 'ask') {
        if (role === 'writer') this.tell();
        return;
      }
      this.move(message.position);
      this.heard();
      this.unref();
    };
    if (role === 'follower') this.channel.postMessage({ kind: 'ask' } satisfies Message);
    else {
      this.heard();
      this.unref();
    }
  }

  get position(): number {
    return this.value;
  }

  /** Moves the mark and tells everybody. */
  advance(position: number): void {
    if (position <= this.value) return;
    this.move(position);
    this.tell();
  }

  /** Resolves as soon as the mark is beyond `position`, or the signal aborts. */
  beyond(position: number, signal: AbortSignal): Promise<void> {
    if (this.value > position || signal.aborted) return Promise.resolve();
    return new Promise((done) => {
      const wake = () => {
        signal.removeEventListener('abort', wake);
        done();
      };
      signal.addEventListener('abort', wake, { once: true });
      this.waiters.push(wake);
    });
  }

  close(): void {
    this.channel.close();
    this.wakeAll();
  }

  /** Listening alone keeps no process alive. The types of Node lack the method that its documentation has. */
  private unref(): void {
    (this.channel as unknown as { unref(): void }).unref();
  }

  private tell(): void {
    this.channel.postMessage({ kind: 'mark', position: this.value } satisfies Message);
  }

  private move(position: number): void {
    if (position <= this.value) return;
    this.value = position;
    this.wakeAll();
  }

  private wakeAll(): void {
    const waiting = this.waiters;
    this.waiters = [];
    for (const wake of waiting) wake();
  }
}
