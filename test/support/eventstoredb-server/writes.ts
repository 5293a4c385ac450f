/**
 * The three writes: append, delete (soft) and tombstone (hard).
 *
 * A soft delete writes metadata and leaves the events; a tombstone writes `$streamDeleted` as the stream's last event, and
 * the name is lost for ever, its metastream included. Both are events of the log, and `$all` shows them.
 */
import { randomUUID } from 'node:crypto';
import type { EventLog, Write } from './log';
import { deletedRevision, type ProposedEvent, type RecordedEvent } from './records';
import { metastreamOf, originalOf, withTruncateBefore } from './stream-metadata';
import { checkCommit, revivesOriginal, type Decision, type Expected } from './write-rules';

/** How a write ended: `revision` is the last one written, or -1; no position where nothing was written. */
export type WriteOutcome =
  | { readonly kind: 'done'; readonly revision: number; readonly position?: number }
  | Exclude<Decision, { kind: 'ok' } | { kind: 'repeat' }>;

const nothing = Buffer.alloc(0);

const metadataEvent = (data: Buffer): ProposedEvent => ({
  id: randomUUID(),
  type: '$metadata',
  isJson: true,
  metadata: nothing,
  data,
});

const done = ({ revision, position }: RecordedEvent): WriteOutcome => ({ kind: 'done', revision, position });

/** Appends events as one, all or none; resolves when they are committed. */
export async function append(
  log: EventLog,
  stream: string,
  expected: Expected,
  events: readonly ProposedEvent[],
): Promise<WriteOutcome> {
  const ids = events.map(({ id }) => id);
  const decision = checkCommit(log, stream, expected, ids);
  if (decision.kind === 'repeat') {
    await log.committedEvent(decision.last);
    return done(decision.last);
  }
  if (decision.kind !== 'ok') return decision;
  if (events.length === 0) return { kind: 'done', revision: decision.current };
  const writes: Write[] = events.map((event) => ({ stream, event }));
  if (decision.softDeleted) writes.push(revival(log, stream, decision.current + 1));
  if (revivesOriginal(log, stream)) writes.push(revivalByMetadata(log, stream, events));
  const last = (await log.write(writes))[events.length - 1];
  if (last === undefined) throw new Error('A write lost its events');
  return done(last);
}

/** The metadata that brings a softly deleted stream back from a revision on. */
function revival(log: EventLog, stream: string, from: number): Write {
  const metadata = log.stream(metastreamOf(stream)).events.at(-1)?.data ?? nothing;
  return { stream: metastreamOf(stream), event: metadataEvent(withTruncateBefore(metadata, from)) };
}

/** The same where the client sets metadata: what it set, but with the old events hidden. */
function revivalByMetadata(log: EventLog, metastream: string, events: readonly ProposedEvent[]): Write {
  const from = log.stream(originalOf(metastream)).events.length;
  return { stream: metastream, event: metadataEvent(withTruncateBefore(events.at(-1)?.data ?? nothing, from)) };
}

/** Deletes a stream softly; a stream with neither events nor metadata is a wrong expected version, whatever is expected. */
export async function deleteStream(log: EventLog, stream: string, expected: Expected): Promise<WriteOutcome> {
  const decision = checkCommit(log, stream, expected, [randomUUID()]);
  if (decision.kind === 'repeat') throw new Error('A new id cannot be known');
  if (decision.kind !== 'ok') return decision;
  const metastream = metastreamOf(stream);
  if (decision.current < 0 && log.stream(metastream).events.length === 0)
    return { kind: 'wrong-expected-version', current: -1 };
  const event = metadataEvent(withTruncateBefore(nothing, deletedRevision));
  const [written] = await log.write([{ stream: metastream, event }]);
  return { kind: 'done', revision: decision.current, position: written?.position };
}

/** Deletes a stream for ever; one that was never written may be tombstoned too. */
export async function tombstone(log: EventLog, stream: string, expected: Expected): Promise<WriteOutcome> {
  const decision = checkCommit(log, stream, expected, [randomUUID()]);
  if (decision.kind === 'repeat') throw new Error('A new id cannot be known');
  if (decision.kind !== 'ok') return decision;
  const event = { id: randomUUID(), type: '$streamDeleted', isJson: false, metadata: nothing, data: nothing };
  const [written] = await log.write([{ stream, event, revision: deletedRevision }]);
  return { kind: 'done', revision: deletedRevision, position: written?.position };
}
