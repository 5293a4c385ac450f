import { type RecordedEvent } from './events';

/**
 * Something that commands need to know beyond their own stream, folded in memory from the log: loaded before the first command,
 * kept current afterwards. Events come with clear text in their personal fields, in the order of their streams, once each.
 */
export interface Register {
  /** The streams that it is folded from, by prefix. */
  readonly streamPrefixes: readonly string[];
  apply(event: RecordedEvent): void;
}
