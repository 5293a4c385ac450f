/** Time as a port: everything in a running server that reads the time or waits goes through one of these. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Resolves after `milliseconds` of this clock, or as soon as `signal` aborts; never rejects. */
  wait(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

/** The clock of the machine. A pending wait does not keep the process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  wait: (milliseconds, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) {
        resolve();
        return;
      }
      const done = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, milliseconds);
      timer.unref();
      signal?.addEventListener('abort', done);
    }),
};

type Waiter = { readonly at: number; readonly wake: () => void };

/** A clock that stands still until it is advanced, for tests that live in virtual time. */
export class ManualClock implements Clock {
  private waiters: Waiter[] = [];

  constructor(private time: number = Date.UTC(2026, 0, 1)) {}

  now(): number {
    return this.time;
  }

  wait(milliseconds: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const abort = () => {
        this.waiters = this.waiters.filter((other) => other !== waiter);
        resolve();
      };
      const wake = () => {
        signal?.removeEventListener('abort', abort);
        resolve();
      };
      const waiter: Waiter = { at: this.time + milliseconds, wake };
      this.waiters.push(waiter);
      signal?.addEventListener('abort', abort);
    });
  }

  /** How many waits have neither ended nor been aborted. */
  get waiting(): number {
    return this.waiters.length;
  }

  /** Moves the time forward and wakes, in order, whoever waited for an instant that has now come. */
  advance(milliseconds: number): void {
    this.time += milliseconds;
    const due = this.waiters.filter(({ at }) => at <= this.time).sort((a, b) => a.at - b.at);
    this.waiters = this.waiters.filter(({ at }) => at > this.time);
    for (const { wake } of due) wake();
  }
}

/** An instant as events and answers carry it: ISO 8601, UTC, with milliseconds. */
export const toInstant = (milliseconds: number): string => new Date(milliseconds).toISOString();
