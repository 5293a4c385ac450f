import { type Delivery, type EventStore, InvalidPosition } from '@faultline/event-store';
import { type Clock } from '@faultline/kernel';
import { FencedOff } from '@faultline/read-store';
import { PoisonEvent } from './poison-event';

const backOff = { firstMs: 100, factor: 1.5, maxMs: 5_000 };
const eventsPerBatch = 1_000;
/** What no repetition mends. */
const fatalErrors = [InvalidPosition, FencedOff, PoisonEvent];

/** What a pump needs, and whom it tells. */
export type PumpServices = {
  readonly events: EventStore;
  readonly clock: Clock;
  /** After which position the log is to be delivered; absent: from its beginning. Asked at each attempt. */
  readonly after: () => string | undefined;
  readonly process: (delivery: Delivery) => Promise<void>;
  readonly onTrouble?: (trouble: { readonly error: unknown; readonly fatal: boolean }) => void;
};

/** Delivers the log in order, one batch after the other; tries again, ever later, what a store that is away interrupts. */
export class Pump {
  private ending: AbortController | undefined;
  private running: Promise<void> = Promise.resolve();
  private turn: Promise<void> = Promise.resolve();
  /** Why it stopped by itself, if it did. */
  failure: Error | undefined;

  constructor(private readonly services: PumpServices) {}

  get isRunning(): boolean {
    return this.ending !== undefined;
  }

  start(): void {
    this.ending = new AbortController();
    this.running = this.run(this.ending.signal);
  }

  /** Ends once the batch at hand is finished, which is not waited for. */
  end(): void {
    this.ending?.abort();
    this.ending = undefined;
  }

  /** Resolves once nothing is delivered any more. */
  async ended(): Promise<void> {
    await this.running;
  }

  /** Runs a task between two batches. */
  inTurn(task: () => Promise<void>): Promise<void> {
    const next = this.turn.then(task);
    this.turn = next.catch(() => undefined);
    return next;
  }

  private async run(signal: AbortSignal): Promise<void> {
    const { clock, process, onTrouble } = this.services;
    let delay = backOff.firstMs;
    while (!signal.aborted) {
      try {
        for await (const delivery of this.deliveries(signal)) {
          await this.inTurn(() => (signal.aborted ? Promise.resolve() : process(delivery)));
          delay = backOff.firstMs;
        }
      } catch (error) {
        const fatal = fatalErrors.some((kind) => error instanceof kind) ? (error as Error) : undefined;
        onTrouble?.({ error, fatal: fatal !== undefined });
        if (fatal) {
          this.failure = fatal;
          return;
        }
        await clock.wait(delay, signal);
        delay = Math.min(delay * backOff.factor, backOff.maxMs);
      }
    }
  }

  private deliveries(signal: AbortSignal): AsyncIterable<Delivery> {
    const after = this.services.after();
    return this.services.events.subscribe({
      ...(after === undefined ? {} : { after }),
      signal,
      batchSize: eventsPerBatch,
    });
  }
}
