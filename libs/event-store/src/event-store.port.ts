import { type NewEvent, type RecordedEvent } from '@faultline/kernel';

/** The revision at which an append expects its stream to end. The hash chain of a stream knows no looser expectation. */
export type ExpectedRevision = 'no-stream' | number;

/** Where an append ended: the last revision written, and the position of the event there. */
export type AppendResult = { readonly revision: number; readonly position: string };

/** Which events of the log to deliver; both given means both must hold. System events never appear. */
export type EventFilter = {
  /** The stream's name begins with one of these. */
  readonly streamPrefixes?: readonly string[];
  readonly eventTypes?: readonly string[];
};

export type ReadStreamOptions = {
  readonly direction?: 'forwards' | 'backwards';
  /** Inclusive; default: the first revision forwards, the last one backwards. */
  readonly from?: number;
  readonly limit?: number;
};

export type ReadAllOptions = {
  readonly direction?: 'forwards' | 'backwards';
  /** Forwards: inclusive, default the start. Backwards: exclusive, default the end. */
  readonly from?: string;
  readonly filter?: EventFilter;
  readonly limit?: number;
};

export type SubscribeOptions = {
  /** Deliver what stands strictly after this position; absent: everything. */
  readonly after?: string;
  readonly filter?: EventFilter;
  /**
   * Whether positions move with every event of the log, also where the filter leaves it out. A server that filters tells only now and
   * then how far it has come, and nothing while the log is quiet: who waits for a position asks for this, and has every event sent.
   */
  readonly prompt?: boolean;
  /** Ends the subscription: no delivery after the abort has been seen. */
  readonly signal: AbortSignal;
  /** At most this many events in one delivery (default 512). */
  readonly batchSize?: number;
  /** Told when the connection to the store is lost and when it is back. */
  readonly onState?: (state: 'connected' | 'disconnected') => void;
};

/**
 * One step of a subscription: `events` in order, then everything up to `position` has been delivered or skipped by the filter,
 * so that `position` may be stored as a checkpoint. `live` is true once the end of the log (as it was then) has been reached.
 */
export type Delivery = {
  readonly events: readonly RecordedEvent[];
  readonly position: string;
  readonly live: boolean;
};

/** The log. What it promises is `test/contracts/event-store.contract.ts`, which every adapter passes. */
export interface EventStore {
  /**
   * Appends all events or none; resolves only when they are durable. The same ids at the same expected revision again: success
   * with the original result, for ever. Throws WrongExpectedRevision, InvalidAppend, OutcomeUnknown, StoreUnavailable.
   */
  append(stream: string, expected: ExpectedRevision, events: readonly NewEvent[]): Promise<AppendResult>;
  /** The events of a stream, lazily. Throws StreamNotFound when it was never written. */
  readStream(stream: string, options?: ReadStreamOptions): AsyncIterable<RecordedEvent>;
  /** The events of the whole log, lazily, in the order of their positions. */
  readAll(options?: ReadAllOptions): AsyncIterable<RecordedEvent>;
  /**
   * Catch-up, then live, without gap or duplicate; the consumer sets the pace; reconnects by itself. Throws InvalidPosition when
   * `after` lies beyond the end of the log (a restored backup): never a silent restart.
   */
  subscribe(options: SubscribeOptions): AsyncIterable<Delivery>;
  /** The position of the last durable event; undefined while the log is empty. */
  head(): Promise<string | undefined>;
  /** Lets what was accepted finish, then lets go of the store. */
  close(): Promise<void>;
}

/** The largest append, counted as the UTF-8 of the events' JSON: what every supported server accepts. */
export const maxAppendBytes = 1024 * 1024;
