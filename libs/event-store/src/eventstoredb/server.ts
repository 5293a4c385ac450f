import { type Clock, StoreUnavailable } from '@faultline/kernel';
import { OutcomeUnknown, StoreUnusable } from '../event-store.errors';
import { type Connection } from './connection-string';
import { kindOf } from './failure';

/** Waits between attempts, in milliseconds of the clock, each up to half as long again by chance, so that not all come at once. */
export type BackOff = { readonly firstMs: number; readonly factor: number; readonly maxMs: number };

/** The most that a wait can be, as a share of its delay. */
export const longestShare = 1.5;

/** The server as its callers speak of it: how long they wait for it, and what they say when it fails them. */
export class Server {
  constructor(
    private readonly connection: Connection,
    readonly clock: Clock,
    /** How long an append or a step of a read may take, in milliseconds. */
    readonly deadlineMs: number,
  ) {}

  /** Waits `delay` as {@link BackOff} says, or until `signal` aborts; resolves to the next delay. */
  async pause(delay: number, { factor, maxMs }: BackOff, signal?: AbortSignal): Promise<number> {
    await this.clock.wait(delay * (1 + Math.random() * (longestShare - 1)), signal);
    return Math.min(delay * factor, maxMs);
  }

  /** Resolves like `task`; rejects with {@link TooLate} once `milliseconds` have passed. */
  async within<Result>(task: Promise<Result>, milliseconds: number): Promise<Result> {
    const over = new AbortController();
    const late = new Promise<never>((_, reject) => {
      void this.clock.wait(milliseconds, over.signal).then(() => {
        if (!over.signal.aborted) reject(new TooLate());
      });
    });
    try {
      return await Promise.race([task, late]);
    } finally {
      // With a reason of its own, since the default one records a stack, which each step of a read would pay for.
      over.abort(answered);
    }
  }

  /** What cannot be mended by trying again, as a StoreUnusable; undefined for everything else. */
  unusable(error: unknown): StoreUnusable | undefined {
    const kind = kindOf(error);
    const { hosts } = this.connection;
    const cause = this.harmless(error);
    if (kind === 'refused') {
      return new StoreUnusable('refused', `EventStoreDB at ${hosts} refuses these credentials, or they lack a right`, {
        cause,
      });
    }
    if (kind === 'certificate') {
      const message = `The certificate of EventStoreDB at ${hosts} is not accepted: ${reason(cause)}`;
      return new StoreUnusable('certificate', message, { cause });
    }
    if (kind === 'not-an-event-store') {
      const expected = this.connection.tls ? 'with TLS' : 'without TLS';
      const message = `What answers at ${hosts} is no EventStoreDB ${expected}: ${reason(cause)}`;
      return new StoreUnusable('wrong-server', message, { cause });
    }
    if (kind === 'stream-deleted') {
      return new StoreUnusable('damaged', `A stream was deleted in EventStoreDB at ${hosts}: ${reason(cause)}`, {
        cause,
      });
    }
    return undefined;
  }

  unavailable(error: unknown): StoreUnavailable {
    const cause = this.harmless(error);
    return new StoreUnavailable(`EventStoreDB at ${this.connection.hosts} cannot be used: ${reason(cause)}`, { cause });
  }

  outcomeUnknown(error: unknown): OutcomeUnknown {
    const cause = this.harmless(error);
    const message = `EventStoreDB at ${this.connection.hosts} gave no answer to an append: ${reason(cause)}`;
    return new OutcomeUnknown(message, { cause });
  }

  /** The driver's error with what tells it apart, and without what it may carry along: addresses are fine, credentials are not. */
  private harmless(error: unknown): Error {
    const { name, message, code, type } = (error ?? {}) as {
      name?: string;
      message?: string;
      code?: unknown;
      type?: unknown;
    };
    const cause = new Error(this.connection.redact(String(message ?? error)));
    return Object.assign(
      cause,
      { name: name ?? 'Error' },
      code !== undefined && { code },
      type !== undefined && { type },
    );
  }
}

const answered = 'answered';

/** Nothing came back in time. */
export class TooLate extends Error {
  override readonly name = 'TooLate';

  constructor() {
    super('No answer in time');
  }
}

/** What gRPC says, without its frame around it. */
function reason({ message }: Error): string {
  const plain = message
    .replace(/^\d+ [A-Z_]+: /, '')
    .replace('No connection established. Last error: ', '')
    .replace(/\s*(?:\(\d{4}-[^)]*\))?\. Resolution note:[\s\S]*$/, '');
  return plain.trim() === '' ? 'it gave no reason' : plain.trim();
}
