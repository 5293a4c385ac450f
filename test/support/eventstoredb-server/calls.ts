/**
 * What is common to all calls: they are open until they are answered, cancelled or broken off, and a server that stops in
 * order ends each of them with CANCELLED before it closes its connections (since version 24.4).
 */
import type { ServerDuplexStream, ServerWritableStream } from '@grpc/grpc-js';
import type { Failure } from './errors';

/** Those calls that are open, each with the way to end it. */
export class OpenCalls {
  readonly #calls = new Set<OpenCall>();

  /** Registers a call until it closes. */
  add(call: OpenCall): void {
    this.#calls.add(call);
    call.whenClosed(() => this.#calls.delete(call));
  }

  /** Ends every open call, or every open subscription, with a status; without one, as if it were finished. */
  end(failure: Failure | undefined, which: 'all' | 'subscriptions' = 'all'): void {
    for (const call of [...this.#calls]) if (which === 'all' || call.isSubscription) call.end(failure);
  }
}

/** One open call. It ends once: whatever comes after that is dropped. */
export class OpenCall {
  isSubscription = false;
  #closed = false;
  #listeners: (() => void)[] = [];

  constructor(private readonly finish: (failure: Failure | undefined) => void) {}

  get closed(): boolean {
    return this.#closed;
  }

  /** Ends the call with a status, or in order. */
  end(failure?: Failure): void {
    if (this.#closed) return;
    this.finish(failure);
    this.close();
  }

  /** Notes that the call is over: the client went away, or it was ended. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const listener of this.#listeners) listener();
    this.#listeners = [];
  }

  /** Calls back when the call is over, at once if it is. */
  whenClosed(listener: () => void): void {
    if (this.#closed) listener();
    else this.#listeners.push(listener);
  }
}

/** The sending end of a call that streams its answers. */
export class Outlet<Answer> extends OpenCall {
  #wake: () => void = () => undefined;

  constructor(private readonly stream: ServerWritableStream<unknown, Answer> | ServerDuplexStream<unknown, Answer>) {
    super((failure) => {
      if (failure === undefined) stream.end();
      else stream.emit('error', failure);
    });
    const close = () => {
      this.close();
    };
    stream.on('cancelled', close);
    stream.on('close', close);
    stream.on('drain', () => {
      this.#wake();
    });
    this.whenClosed(() => {
      this.#wake();
    });
  }

  /** Sends one answer, whether or not the client keeps up. */
  post(answer: Answer): void {
    if (!this.closed) this.stream.write(answer);
  }

  /** Sends one answer; gives a promise where the client does not keep up, to be awaited before the next. */
  send(answer: Answer): Promise<void> | undefined {
    if (this.closed || this.stream.write(answer)) return undefined;
    return this.until();
  }

  /** Resolves with something else, when the client takes more answers, or when the call is over. One waits at a time. */
  until(other?: Promise<void>): Promise<void> {
    if (this.closed) return Promise.resolve();
    return new Promise((resolve) => {
      this.#wake = resolve;
      void other?.then(resolve);
    });
  }
}
