import { type EventStore, startPosition } from '@faultline/event-store';
import { type RecordedEvent } from '@faultline/kernel';
import { type ModelFeed } from './model-feed';

/** What a feed catches up from: the log, and the way its events are opened. */
export type Source = {
  readonly events: EventStore;
  readonly open: (events: readonly RecordedEvent[]) => Promise<readonly RecordedEvent[]>;
};

const eventsPerBatch = 1_000;

/** Brings a feed that may be far behind to the end of the log, batch by batch. Rejects as soon as the signal aborts. */
export async function approachEnd(feed: ModelFeed, source: Source, signal: AbortSignal): Promise<void> {
  let batch: RecordedEvent[] = [];
  const process = async () => {
    const last = batch.at(-1);
    if (last) await feed.process(await source.open(batch), last.position);
    batch = [];
  };
  for await (const event of missedBy(feed, source)) {
    signal.throwIfAborted();
    batch.push(event);
    if (batch.length >= eventsPerBatch) await process();
  }
  await process();
}

/** Brings a feed that is not far behind to a position, in one batch. */
export async function catchUp(feed: ModelFeed, source: Source, target: string): Promise<void> {
  const missed: RecordedEvent[] = [];
  for await (const event of missedBy(feed, source)) {
    if (event.position > target) break;
    missed.push(event);
  }
  await feed.process(await source.open(missed), target);
}

function missedBy(feed: ModelFeed, { events }: Source): AsyncIterable<RecordedEvent> {
  const filter = { streamPrefixes: feed.projection.streamPrefixes };
  const from = feed.position === startPosition ? {} : { from: feed.position };
  return events.readAll({ ...from, filter });
}
