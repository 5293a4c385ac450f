import { StoreUnavailable } from '@faultline/kernel';
import { type ExpectedRevision } from './event-store.port';

/** The stream did not end where the append expected it: read what is newer, decide again. */
export class WrongExpectedRevision extends Error {
  override readonly name = 'WrongExpectedRevision';

  constructor(
    readonly stream: string,
    readonly expected: ExpectedRevision,
    readonly actual: ExpectedRevision,
  ) {
    super(`Stream ${stream} was expected at ${expected} but is at ${actual}`);
  }
}

/** Nothing was ever written to this stream. */
export class StreamNotFound extends Error {
  override readonly name = 'StreamNotFound';

  constructor(readonly stream: string) {
    super(`Stream ${stream} does not exist`);
  }
}

/** Refused before anything was sent: an empty call, an id that is no UUID, a reserved name, more than 1 MiB. */
export class InvalidAppend extends Error {
  override readonly name = 'InvalidAppend';

  constructor(
    readonly rule: 'no-events' | 'event-id' | 'stream-name' | 'too-large',
    message: string,
    /** For `too-large`: the limit and the size found, in bytes. */
    readonly limit?: number,
    readonly size?: number,
  ) {
    super(message);
  }
}

/** The answer was lost: the events may stand in the log or not. Repeating the same call is safe and tells. */
export class OutcomeUnknown extends StoreUnavailable {
  override readonly name = 'OutcomeUnknown' as 'StoreUnavailable';
}

/** A position that this log never gave out: a checkpoint from another store, or from before a backup was restored. Fatal. */
export class InvalidPosition extends Error {
  override readonly name = 'InvalidPosition';

  constructor(readonly position: string) {
    super(
      `Position ${position} lies beyond the end of this log. Was the event store restored from a backup, or replaced? ` +
        'Rebuild the projections that hold this checkpoint.',
    );
  }
}

/**
 * Why a store cannot be used as it is. A directory: `in-use` by another process, `damaged`, `not-writable`, `wrong-version`. A server:
 * `bad-url`, `refused` credentials or rights, an expired or untrusted `certificate`, `wrong-server` where something else answers.
 */
export type StoreProblem =
  'in-use' | 'damaged' | 'not-writable' | 'wrong-version' | 'bad-url' | 'refused' | 'certificate' | 'wrong-server';

/** The store cannot be used as it is, and repeating will not help: someone has to mend it. The message says what; it holds no credentials. */
export class StoreUnusable extends Error {
  override readonly name = 'StoreUnusable';

  constructor(
    readonly problem: StoreProblem,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
