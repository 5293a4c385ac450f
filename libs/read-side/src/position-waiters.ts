import { startPosition } from '@faultline/event-store';

type Waiter = { readonly position: string; readonly resolve: () => void };

/** A position that rises, and whoever waits for it. */
export class PositionWaiters {
  position = startPosition;
  private waiters = new Set<Waiter>();

  /** Whether anybody waits. */
  get waiting(): boolean {
    return this.waiters.size > 0;
  }

  /** Resolves once the position is reached, or as soon as the signal aborts: who has lost patience is waited for no longer. */
  reached(position: string, signal?: AbortSignal): Promise<void> {
    if (position <= this.position || signal?.aborted) return Promise.resolve();
    return new Promise((done) => {
      const resolve = () => {
        signal?.removeEventListener('abort', resolve);
        this.waiters.delete(waiter);
        done();
      };
      const waiter = { position, resolve };
      this.waiters.add(waiter);
      signal?.addEventListener('abort', resolve, { once: true });
    });
  }

  /** Moves on, never back. */
  moveTo(position: string): void {
    if (position <= this.position) return;
    this.position = position;
    for (const waiter of [...this.waiters]) if (waiter.position <= position) waiter.resolve();
  }
}
