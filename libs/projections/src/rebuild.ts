import { type EventStore } from '@faultline/event-store';
import { type RecordedEvent } from '@faultline/kernel';
import { type ReadStore } from '@faultline/read-store';
import { type FeedOwner, ModelFeed } from './model-feed';
import { type Projection } from './projection';
import { RebuildBuffer } from './rebuild-buffer';

/** How far a rebuild has come. */
export type RebuildProgress = {
  readonly version: number;
  readonly startedAt: string;
  readonly events: number;
  readonly position: string | null;
  readonly phase: 'requested' | 'folding' | 'writing' | 'joining';
};

const eventsPerBatch = 2_000;

/** What a rebuild works on. */
export type RebuildContext = {
  readonly events: EventStore;
  readonly store: ReadStore;
  readonly owner: FeedOwner;
  readonly open: (events: readonly RecordedEvent[]) => Promise<readonly RecordedEvent[]>;
  readonly report: (step: { events: number; position: string | null; phase: RebuildProgress['phase'] }) => void;
  readonly signal: AbortSignal;
};

/**
 * Folds the whole log into a new version of a read model, beside the live one, and returns its feed, which stands at the end of the
 * log as it was when the fold began. Collections that an earlier, interrupted rebuild left behind are dropped first.
 */
export async function rebuildModel(
  projection: Projection,
  version: number,
  { events, store, owner, open, report, signal }: RebuildContext,
): Promise<ModelFeed> {
  const buffer = new RebuildBuffer(store);
  const folding = new ModelFeed(projection, version, buffer, owner);
  await folding.drop();
  await folding.open();
  const head = await events.head();
  let count = 0;
  let batch: RecordedEvent[] = [];
  const fold = async () => {
    const last = batch.at(-1);
    if (last) await folding.process(await open(batch), last.position);
    count += batch.length;
    batch = [];
    report({ events: count, position: last?.position ?? null, phase: 'folding' });
  };
  for await (const event of events.readAll({ filter: { streamPrefixes: projection.streamPrefixes } })) {
    signal.throwIfAborted();
    if (head === undefined || event.position > head) break;
    batch.push(event);
    if (batch.length >= eventsPerBatch) await fold();
  }
  await fold();
  report({ events: count, position: folding.position, phase: 'writing' });
  await buffer.flush();
  if (head !== undefined) {
    const { epoch, owner: name } = owner;
    await store.writeCheckpoint(folding.collection, { position: head, epoch, owner: name }, folding.collections);
  }
  const feed = new ModelFeed(projection, version, store, owner);
  await feed.open();
  return feed;
}
