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

/** The sending end of a call that streams its answers. It sends as fast as the client takes them, and no faster. */
export class Outlet<Answer> extends OpenCall {
  readonly #over: Promise<void>;

  constructor(private readonly stream: ServerWritableStream<unknown, Answer> | ServerDuplexStream<unknown, Answer>) {
    super((failure) => {
      if (failure === undefined) stream.end();
      else stream.emit('error', failure);
    });
    this.#over = new Promise((resolve) => {
      this.whenClosed(resolve);
    });
    stream.on('cancelled', () => {
      this.close();
    });
    stream.on('close', () => {
      this.close();
    });
  }

  /** Resolves when the call is over. */
  get over(): Promise<void> {
    return this.#over;
  }

  /** Sends one answer; gives a promise where the client does not keep up, to be awaited before the next. */
  send(answer: Answer): Promise<void> | undefined {
    if (this.closed || this.stream.write(answer)) return undefined;
    const drained = new Promise<void>((resolve) => this.stream.once('drain', resolve));
    return Promise.race([drained, this.#over]);
  }
}
