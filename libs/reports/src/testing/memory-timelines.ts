import { type RecordedEvent } from '@faultline/kernel';
import { type Checkpoint, type FindOptions, type ReadDocument, versionedName } from '@faultline/read-store';
import { type TimelineSource } from '../engine/report-engine';
import { timelineProjection } from '../timeline.projection';
import { type TimelineDocument } from '../timeline.types';

/** The read model `timelines` in memory, for tests: folds events as the projection's runtime does, and answers what reports ask. */
export class MemoryTimelines implements TimelineSource {
  version = 1;
  /** How many documents `find` handed out. */
  documentsRead = 0;
  private readonly collections = new Map<string, Map<string, TimelineDocument>>();
  private readonly checkpoints = new Map<string, string>();

  /** Folds events; the checkpoint moves to `upTo`: by default the last of them, null leaves it where it is, as in mid-batch. */
  feed(events: readonly RecordedEvent[], upTo: string | null | undefined = events.at(-1)?.position): void {
    const documents = this.documents();
    for (const event of events) {
      const key = timelineProjection.keyOf(event);
      if (key === null) continue;
      const before = documents.get(key) ?? null;
      if (before && before.position >= event.position) continue;
      const after = timelineProjection.apply(before, event);
      if (after && after !== before) documents.set(key, { ...after, _id: key, position: event.position });
    }
    if (upTo) this.checkpoints.set(this.collection, upTo);
  }

  liveVersion(): Promise<number> {
    return Promise.resolve(this.version);
  }

  readCheckpoint(projection: string): Promise<Checkpoint | undefined> {
    const position = this.checkpoints.get(projection);
    return Promise.resolve(position === undefined ? undefined : { position, epoch: 1, owner: 'test' });
  }

  find<Doc extends ReadDocument>(collection: string, options: FindOptions = {}): Promise<Doc[]> {
    const { filter, after, limit } = options;
    const newerThan = (filter?.['position'] as { readonly $gt: string } | undefined)?.$gt ?? '';
    const seen = typeof after?.[0] === 'string' ? after[0] : '';
    const found = [...(this.collections.get(collection)?.values() ?? [])]
      .filter(({ position }) => position > newerThan && position > seen)
      .sort((one, other) => (one.position < other.position ? -1 : 1))
      .slice(0, limit);
    this.documentsRead += found.length;
    return Promise.resolve(structuredClone(found) as ReadDocument[] as Doc[]);
  }

  private get collection(): string {
    return versionedName(timelineProjection.name, this.version);
  }

  private documents(): Map<string, TimelineDocument> {
    const documents = this.collections.get(this.collection) ?? new Map<string, TimelineDocument>();
    this.collections.set(this.collection, documents);
    return documents;
  }
}
