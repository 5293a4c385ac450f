import { type NewEvent } from '@faultline/kernel';
import { InvalidAppend, WrongExpectedRevision } from '../event-store.errors';
import { type AppendResult, type ExpectedRevision, maxAppendBytes } from '../event-store.port';
import { type ReplaceableClient } from './clients';
import { type Driver, type EncodedEvent } from './eventstoredb.driver';
import { kindOf } from './failure';
import { type Reader } from './reader';
import { type BackOff, longestShare, type Server, TooLate } from './server';
import { Slots } from './slots';

const backOff: BackOff = { firstMs: 50, factor: 1.5, maxMs: 1_000 };

type Attempt = {
  readonly stream: string;
  readonly expected: ExpectedRevision;
  readonly events: readonly EncodedEvent[];
  readonly deadline: number;
};

/** An append's last word on a failed attempt: try again, and whether the events may have been written meanwhile. */
type Verdict = { readonly error: unknown; readonly uncertain: boolean };

/**
 * Appends in the order of the calls, with a deadline of its own. What the server did not do is tried again until then; an answer that
 * was lost is the caller's to repeat.
 */
export class Appender {
  private readonly slots: Slots;

  constructor(
    private readonly client: ReplaceableClient,
    private readonly server: Server,
    maxInFlight: number,
    private readonly reader: Reader,
  ) {
    this.slots = new Slots(maxInFlight, server.clock);
  }

  async append(stream: string, expected: ExpectedRevision, events: readonly NewEvent[]): Promise<AppendResult> {
    const deadline = this.server.clock.now() + this.server.deadlineMs;
    const slot = await this.slots.take(deadline);
    if (!slot) throw this.server.unavailable(new TooLate());
    const attempt = { stream, expected, events: events.map(encoded), deadline };
    const { revision, position } = await this.insist(attempt, slot).finally(slot.free);
    return { revision, position: position ?? (await this.locate(stream, revision)) };
  }

  /** The position of an event where the server did not tell it. */
  private async locate(stream: string, revision: number): Promise<string> {
    for await (const { position } of this.reader.stream(stream, { from: revision, limit: 1 })) return position;
    throw this.server.outcomeUnknown(new Error(`Event ${revision} of ${stream} cannot be found`));
  }

  private async insist(attempt: Attempt, slot: { late: Promise<never> }) {
    let delay = backOff.firstMs;
    let uncertain = false;
    for (;;) {
      const driver = await Promise.race([this.client.current(), slot.late]).catch((error: unknown) => {
        throw this.giveUp(error, uncertain);
      });
      try {
        return await this.once(driver, attempt, slot);
      } catch (error) {
        const verdict = this.judge(error, driver, attempt);
        uncertain ||= verdict.uncertain;
        if (this.server.clock.now() + delay * longestShare >= attempt.deadline)
          throw this.giveUp(verdict.error, uncertain);
        delay = await this.server.pause(delay, backOff);
      }
    }
  }

  private once(driver: Driver, { stream, expected, events, deadline }: Attempt, slot: { late: Promise<never> }) {
    const left = Math.max(1, deadline - this.server.clock.now());
    return Promise.race([driver.append(stream, expected, events, left), slot.late]);
  }

  private giveUp(error: unknown, uncertain: boolean): Error {
    return uncertain ? this.server.outcomeUnknown(error) : this.server.unavailable(error);
  }

  /** Throws what is final. */
  private judge(error: unknown, driver: Driver, { stream, expected }: Attempt): Verdict {
    if (error instanceof TooLate) {
      this.client.replace(driver);
      // A client that has not heard from its server yet has sent no append.
      throw driver.known ? this.server.outcomeUnknown(error) : this.server.unavailable(error);
    }
    // It keeps the failure, and gives the same one for ever.
    if (!driver.known) this.client.replace(driver);
    const kind = kindOf(error);
    if (kind === 'wrong-revision') throw wrongRevision(error, stream, expected);
    if (kind === 'too-large') throw tooLarge(error);
    if (kind === 'unsent' || kind === 'refusal-to-serve' || kind === 'elsewhere') {
      // The call that a node which is not the leader ends is everybody's: what else was in it may have been written.
      return { error, uncertain: kind === 'elsewhere' };
    }
    throw this.server.unusable(error) ?? this.server.outcomeUnknown(error);
  }
}

const encoded = ({ id, type, data, metadata }: NewEvent): EncodedEvent => ({
  id,
  type,
  data,
  contentType: 'application/json',
  metadata: new Uint8Array(Buffer.from(JSON.stringify(metadata))),
});

function wrongRevision(error: unknown, stream: string, expected: ExpectedRevision): WrongExpectedRevision {
  const { actualVersion } = error as { actualVersion: bigint | string };
  return new WrongExpectedRevision(
    stream,
    expected,
    typeof actualVersion === 'bigint' ? Number(actualVersion) : 'no-stream',
  );
}

function tooLarge(error: unknown): InvalidAppend {
  const { maxAppendSize } = error as { maxAppendSize?: number };
  const limit = maxAppendSize ?? maxAppendBytes;
  return new InvalidAppend('too-large', `This event store takes ${limit} bytes in one append at most`, limit);
}
