import { type Clock, type DomainError, invalid } from '@faultline/kernel';

type Window = { start: number; used: number };

/** What a request costs and leaves, for the `ratelimit-*` headers; seconds. */
export type Allowance = { readonly limit: number; readonly remaining: number; readonly resetSeconds: number };

const windowMs = 60_000;

/** Requests per key and minute in this process; 0 lets everything through. */
export class RateLimit {
  private readonly windows = new Map<string, Window>();

  constructor(
    private readonly perMinute: number,
    private readonly clock: Clock,
  ) {}

  /** Counts one request. Throws `rate.exceeded` with the seconds to wait. */
  take(key: string): Allowance | undefined {
    if (this.perMinute === 0) return undefined;
    const now = this.clock.now();
    const window = this.window(key, now);
    window.used += 1;
    const resetSeconds = Math.ceil((window.start + windowMs - now) / 1_000);
    if (window.used > this.perMinute) throw exceeded(this.perMinute, resetSeconds);
    return { limit: this.perMinute, remaining: this.perMinute - window.used, resetSeconds };
  }

  private window(key: string, now: number): Window {
    const known = this.windows.get(key);
    if (known && now < known.start + windowMs) return known;
    if (this.windows.size > 10_000) this.windows.clear();
    const window = { start: now, used: 0 };
    this.windows.set(key, window);
    return window;
  }
}

const exceeded = (limit: number, retryAfterSeconds: number): DomainError =>
  invalid('rate.exceeded', `More than ${limit} requests in a minute; wait ${retryAfterSeconds} s`, {
    retryAfterSeconds,
  });
