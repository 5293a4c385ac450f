/**
 * Subscriptions: reads that do not end. They start strictly after a revision or position, catch up with what is there,
 * then follow what is appended, in order, without gap or repeat, and no faster than the client reads.
 *
 * The first answer confirms the subscription. At the end of what is there comes `caught_up`; it comes again whenever the
 * client fell more than 32 events behind and caught up once more. (Nothing tells of falling behind: `fell_behind` is in
 * the protocol, but no server sends it.)
 *
 * A filtered subscription to `$all` also sends checkpoints, so that a client whose events are rare learns how far the
 * server has looked: after every so many events considered (the client's multiplier times its window, 32 if it gives none),
 * when it has caught up, and before it has to catch up again. In a quiet store no checkpoint comes.
 *
 * A subscription to a stream that does not exist yet waits for it. One to a tombstoned stream ends with the stream's status;
 * where that happens meanwhile, it first receives `$streamDeleted`. A position beyond the end of `$all` is no error: such
 * a subscription is live at once and silent until the log has grown past it. (A client with a checkpoint from another
 * database, say before a backup was restored, learns nothing of it from here; it has to look where the log ends.)
 */
import { randomUUID } from 'node:crypto';
import type { Outlet } from './calls';
import { failures } from './errors';
import type { Filter } from './filters';
import type { EventLog, Stream } from './log';
import { answers, eventAnswer } from './messages';
import { isFound, lastRevision, ordinalOf, resolve, revisionNumber, type From, type Position } from './reads';
import type { RecordedEvent } from './records';
import { firstVisible, isYoungEnough } from './stream-metadata';

/** How the client wants its events. */
export type Shape = { readonly resolveLinks: boolean; readonly structuredIds: boolean };

/** A filter, and after how many considered events a checkpoint is due. */
export type Filtering = { readonly filter: Filter; readonly checkpointInterval: number };

// The server holds this many live events for a subscriber; one more, and it reads them from the log again.
const liveBuffer = 32;

class Sender {
  constructor(
    private readonly log: EventLog,
    private readonly outlet: Outlet<Buffer>,
    private readonly shape: Shape,
  ) {}

  event(event: RecordedEvent): Promise<void> | undefined {
    const resolved = this.shape.resolveLinks ? resolve(this.log, event) : { event };
    return this.outlet.send(eventAnswer(resolved, this.shape.structuredIds));
  }

  async raw(answer: Buffer): Promise<void> {
    await this.outlet.send(answer);
  }

  get closed(): boolean {
    return this.outlet.closed;
  }

  /** Waits for the next commit, or for the end of the call. */
  async wait(): Promise<void> {
    await this.outlet.until(this.log.nextCommit());
  }
}

/** Serves a subscription to `$all` until its call is over. */
export async function subscribeToAll(
  log: EventLog,
  outlet: Outlet<Buffer>,
  from: From<Position>,
  shape: Shape & { readonly filtering?: Filtering },
): Promise<void> {
  const sender = new Sender(log, outlet, shape);
  await sender.raw(answers.confirmation(randomUUID()));
  const { filter, checkpointInterval } = shape.filtering ?? {};
  const start = startOf(log, from);
  let next = start.next;
  let considered = 0;
  let checkpoint = -1;
  const sendCheckpoint = async () => {
    const position = next === 0 ? -1 : log.at(next - 1).position;
    considered = 0;
    if (filter === undefined || position <= checkpoint) return;
    checkpoint = position;
    await sender.raw(answers.checkpoint(position));
  };
  let live = next >= log.committed;
  if (live) await sender.raw(answers.caughtUp());
  while (!sender.closed) {
    if (live && log.committed - next > liveBuffer) {
      live = false;
      await sendCheckpoint();
    }
    if (next < log.committed) {
      const event = log.at(next);
      next += 1;
      considered += 1;
      const wanted = event.position > start.after && (filter === undefined || filter(event));
      const slow = wanted ? sender.event(event) : undefined;
      if (slow !== undefined) await slow;
      if (considered === checkpointInterval) await sendCheckpoint();
    } else if (live) {
      await sender.wait();
    } else {
      live = true;
      await sendCheckpoint();
      await sender.raw(answers.caughtUp());
    }
  }
}

function startOf(log: EventLog, from: From<Position>): { readonly next: number; readonly after: number } {
  if (from === 'start') return { next: 0, after: -1 };
  if (from === 'end') return { next: log.committed, after: -1 };
  if (from.commit > BigInt(log.at(log.committed - 1).position)) {
    return { next: log.committed, after: Number(from.commit) };
  }
  return { next: ordinalOf(log, from, true), after: -1 };
}

/** Serves a subscription to one stream until its call is over. */
export async function subscribeToStream(
  log: EventLog,
  outlet: Outlet<Buffer>,
  { name, from }: { readonly name: string; readonly from: From<bigint> },
  shape: Shape,
): Promise<void> {
  const sender = new Sender(log, outlet, shape);
  await sender.raw(answers.confirmation(randomUUID()));
  const last = lastRevision(log, log.stream(name));
  let next = from === 'start' ? 0 : from === 'end' ? last + 1 : revisionNumber(from) + 1;
  let live = next > last;
  if (live) await sender.raw(answers.caughtUp());
  while (!sender.closed) {
    const stream = log.stream(name);
    if (live && stream.committed - next > liveBuffer) live = false;
    if (!live) next = firstShown(log, stream, next);
    const event = stream.events[next];
    if (stream.tombstoned && (!live || next >= stream.committed)) {
      if (live && stream.tombstone !== undefined) await sender.event(stream.tombstone);
      outlet.end(failures.streamDeleted(name));
    } else if (event !== undefined && next < stream.committed) {
      next += 1;
      const slow = sender.event(event);
      if (slow !== undefined) await slow;
    } else if (live) {
      await sender.wait();
    } else {
      live = true;
      await sender.raw(answers.caughtUp());
    }
  }
}

/** Catching up shows what a read would show; only what comes live is shown whatever the stream's metadata says. */
function firstShown(log: EventLog, stream: Stream, from: number): number {
  if (!isFound(stream)) return Math.max(from, stream.committed);
  let revision = Math.max(from, firstVisible(stream.metadata, stream.committed - 1));
  while (revision < stream.committed) {
    const event = stream.events[revision];
    if (event !== undefined && isYoungEnough(stream.metadata, event, log.now())) break;
    revision += 1;
  }
  return revision;
}
