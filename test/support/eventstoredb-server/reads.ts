/**
 * Reads that end. They include the revision or position they start from, but for one case: `$all` backwards begins before
 * it. Position and revision are limits, not addresses that must exist, except that a position of `$all` has to be where
 * a record begins. Reading a stream from beyond its end finds nothing, which is no error.
 *
 * A stream that was never written, or is softly deleted, is told by a message in the answer (`stream_not_found`); a
 * tombstoned one by the call's status. An event of type `$>` is a link, with `revision@stream` as its data; on request it
 * is resolved into the event it points to, and where that is gone only the link is left.
 */
import { failures, type Failure } from './errors';
import type { Filter } from './filters';
import { isTombstonedForReaders, type EventLog, type Stream } from './log';
import type { Resolved } from './messages';
import type { RecordedEvent } from './records';
import { firstVisible, isSoftDeleted, isYoungEnough } from './stream-metadata';

/** Where to begin. */
export type From<Place> = 'start' | 'end' | Place;

/** A place in `$all`, as a client gives it. */
export type Position = { readonly commit: bigint; readonly prepare: bigint };

/** A read of a stream or of `$all`. */
export type ReadRequest<Place> = { readonly from: From<Place>; readonly backwards: boolean; readonly count: number };

/** Thrown where a read ends with a status. */
export class ReadFailed extends Error {
  constructor(readonly failure: Failure) {
    super(failure.details);
  }
}

/** The last revision that readers see, or -1; throws where the stream is tombstoned. */
export function lastRevision(log: EventLog, stream: Stream): number {
  if (isTombstonedForReaders(log, stream.name)) throw new ReadFailed(failures.streamDeleted(stream.name));
  return stream.committed - 1;
}

/** Tells whether a reader finds a stream at all. */
export const isFound = (stream: Stream): boolean => stream.committed > 0 && !isSoftDeleted(stream.metadata);

/** A revision as a number; those beyond 2^53, which no stream here reaches, become 2^53. */
export const revisionNumber = (revision: bigint): number => (revision > 2n ** 53n ? 2 ** 53 : Number(revision));

/** The events of a stream that a read shows, in its order, up to its count. */
export function* readStream(
  log: EventLog,
  stream: Stream,
  { from, backwards, count }: ReadRequest<bigint>,
): Generator<RecordedEvent> {
  const last = lastRevision(log, stream);
  const first = firstVisible(stream.metadata, last);
  const step = backwards ? -1 : 1;
  let revision = from === 'start' ? 0 : from === 'end' ? (backwards ? last : last + 1) : revisionNumber(from);
  revision = backwards ? Math.min(revision, last) : Math.max(revision, first);
  for (let left = count; left > 0 && revision >= first && revision <= last; revision += step) {
    const event = stream.events[revision];
    if (event === undefined || !isYoungEnough(stream.metadata, event, log.now())) continue;
    left -= 1;
    yield event;
  }
}

/**
 * The ordinal of the first event at or after a position, or strictly after it. Throws where the position is not the
 * beginning of a record or lies beyond the log's end. Position 0 is where the log begins.
 */
export function ordinalOf(log: EventLog, { commit, prepare }: Position, after: boolean): number {
  const position = Number(commit);
  if (position === 0) return 0;
  const ordinal = log.ordinalOf(position);
  if (ordinal >= log.committed || log.at(ordinal).position !== position)
    throw new ReadFailed(failures.invalidPosition());
  // An event at (c, c) comes after (c, p) where p is less, and before it where p is more.
  return after ? (prepare < commit ? ordinal : ordinal + 1) : prepare > commit ? ordinal + 1 : ordinal;
}

/** The events of `$all` that a read shows. */
export function* readAll(
  log: EventLog,
  { from, backwards, count }: ReadRequest<Position>,
  filter: Filter | undefined,
): Generator<RecordedEvent> {
  const step = backwards ? -1 : 1;
  const start = from === 'start' ? 0 : from === 'end' ? log.committed : ordinalOf(log, from, false);
  let left = count;
  for (let at = backwards ? start - 1 : start; left > 0 && at >= 0 && at < log.committed; at += step) {
    const event = log.at(at);
    if (filter !== undefined && !filter(event)) continue;
    left -= 1;
    yield event;
  }
}

/** Follows a link. What is no link, or does not read like one, is shown as it is. */
export function resolve(log: EventLog, event: RecordedEvent): Resolved {
  if (event.type !== '$>') return { event };
  const [, revision, name] = /^(\d+)@(.+)$/s.exec(Buffer.from(event.data).toString('utf8')) ?? [];
  if (revision === undefined || name === undefined) return { event };
  const stream = log.stream(name);
  if (isTombstonedForReaders(log, name) || !isFound(stream)) return { link: event };
  const [target] = readStream(log, stream, { from: BigInt(revision), backwards: false, count: 1 });
  return { link: event, event: target?.revision === Number(revision) ? target : undefined };
}
