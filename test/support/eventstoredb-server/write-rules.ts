/**
 * When EventStoreDB accepts a write: its check of the expected revision, and with it its idempotency.
 *
 * | expected            | the stream            | the event ids                          | result                          |
 * |---------------------|-----------------------|----------------------------------------|---------------------------------|
 * | any of them         | tombstoned            |                                        | stream deleted, for ever        |
 * | stream exists       | soft-deleted; or without events and without metadata |         | wrong expected version          |
 * | any, stream exists  |                       | all of them remembered                 | success, the first time's answer|
 * | any, stream exists  |                       | first new                              | appended                        |
 * | any, stream exists  |                       | first remembered, a later one new      | wrong expected version          |
 * | n, no stream        | further than that     | the very ids at revisions n+1…         | success, the first time's answer|
 * | n, no stream        | further than that     | a later one differs, or runs past      | wrong expected version          |
 * | no stream           | soft-deleted          | first differs                          | appended, revisions go on       |
 * | n, no stream        | further than that     | first differs                          | wrong expected version          |
 * | n                   | not that far          |                                        | wrong expected version          |
 * | n, no stream        | exactly there         | any, even ids that it has already      | appended (a second time)        |
 *
 * A repeat at the same revision is recognised from the stream itself, so for ever. A repeat at `any` is recognised from
 * a memory of recent ids, so most of the time: it is forgotten with a restart. Nothing is recognised where the writer
 * first reads the stream and then appends at its new end.
 *
 * (Until version 24.10 the server answered "stream deleted" for "stream exists" at a soft-deleted stream.)
 */
import { isTombstoned, type EventLog } from './log';
import type { RecordedEvent } from './records';
import { isMetastream, isSoftDeleted, metastreamOf, originalOf } from './stream-metadata';

/** The revision at which a writer expects a stream to be. */
export type Expected = 'any' | 'no-stream' | 'stream-exists' | bigint;

/** What the check says; `current` is the last revision, -1 where there is none. */
export type Decision =
  | { readonly kind: 'ok'; readonly current: number; readonly softDeleted: boolean }
  | { readonly kind: 'repeat'; readonly last: RecordedEvent }
  | { readonly kind: 'wrong-expected-version'; readonly current: number }
  | { readonly kind: 'stream-deleted' };

/** Checks a write of events with these ids. */
export function checkCommit(log: EventLog, name: string, expected: Expected, ids: readonly string[]): Decision {
  if (isTombstoned(log, name)) return { kind: 'stream-deleted' };
  const stream = log.stream(name);
  const current = stream.events.length - 1;
  const softDeleted = isSoftDeleted(stream.metadata);
  const ok: Decision = { kind: 'ok', current, softDeleted };
  const wrong: Decision = { kind: 'wrong-expected-version', current };
  if (expected === 'stream-exists') {
    const nowhere = current < 0 && log.stream(metastreamOf(name)).events.length === 0;
    if (softDeleted || nowhere) return wrong;
  }
  if (expected === 'any' || expected === 'stream-exists') {
    const found = ids.map((id) => log.remembered(id)).map((event) => (event?.stream === name ? event : undefined));
    if (found[0] === undefined) return ok;
    const last = found.at(-1);
    return last === undefined || found.includes(undefined) ? wrong : { kind: 'repeat', last };
  }
  const revision = expected === 'no-stream' ? -1n : expected;
  if (revision > BigInt(current)) return wrong;
  if (revision === BigInt(current)) return ok;
  const known = stream.events.slice(Number(revision) + 1, Number(revision) + 1 + ids.length);
  const firstNew = ids.findIndex((id, index) => known[index]?.id !== id);
  const last = known.at(-1);
  if (firstNew < 0 && last !== undefined) return { kind: 'repeat', last };
  return firstNew === 0 && expected === 'no-stream' && softDeleted ? ok : wrong;
}

/** Tells whether writing this metastream touches a stream that is softly deleted, which the write then brings back. */
export const revivesOriginal = (log: EventLog, name: string): boolean =>
  isMetastream(name) && isSoftDeleted(log.stream(originalOf(name)).metadata);
