import { type Clock } from '@faultline/kernel';
import { TooLate } from './server';

/** A place among the appends under way. */
export type Slot = {
  /** Rejects with TooLate once the deadline of this slot has passed. */
  readonly late: Promise<never>;
  readonly free: () => void;
};

type Held = { readonly deadline: number; readonly expire: () => void };

/**
 * Bounds how many appends are under way, first come, first served, and watches their deadlines with one timer: as all have the same
 * time, the one that began first is the first that can be late.
 */
export class Slots {
  private readonly held = new Set<Held>();
  private readonly queue = new Set<{ readonly deadline: number; readonly enter: (slot: Slot | undefined) => void }>();
  private watching = false;

  constructor(
    private readonly most: number,
    private readonly clock: Clock,
  ) {}

  /** A place, as soon as one is free; undefined where none became free before `deadline`. */
  take(deadline: number): Slot | Promise<Slot | undefined> {
    if (this.held.size < this.most && this.queue.size === 0) return this.hold(deadline);
    this.watch();
    return new Promise((resolve) => this.queue.add({ deadline, enter: resolve }));
  }

  private hold(deadline: number): Slot {
    let reject: (reason: Error) => void = () => undefined;
    const late = new Promise<never>((_, fail) => (reject = fail));
    late.catch(() => undefined);
    const expire = () => {
      reject(new TooLate());
    };
    const held: Held = { deadline, expire };
    this.held.add(held);
    this.watch();
    return {
      late,
      free: () => {
        this.held.delete(held);
        this.admit();
      },
    };
  }

  private admit(): void {
    for (const waiting of this.queue) {
      if (this.held.size >= this.most) return;
      this.queue.delete(waiting);
      waiting.enter(this.hold(waiting.deadline));
    }
  }

  private watch(): void {
    if (this.watching) return;
    this.watching = true;
    void this.expireInTurn();
  }

  private async expireInTurn(): Promise<void> {
    for (let next = this.earliest(); next !== undefined; next = this.earliest()) {
      await this.clock.wait(Math.max(0, next - this.clock.now()));
      const now = this.clock.now();
      for (const held of this.held) if (held.deadline <= now) held.expire();
      for (const waiting of this.queue) {
        if (waiting.deadline > now) break;
        this.queue.delete(waiting);
        waiting.enter(undefined);
      }
      // Those that expired free their places in their own turn.
      await new Promise(setImmediate);
    }
    this.watching = false;
  }

  private earliest(): number | undefined {
    const [held] = this.held;
    const [waiting] = this.queue;
    if (!held) return waiting?.deadline;
    return waiting ? Math.min(held.deadline, waiting.deadline) : held.deadline;
  }
}
