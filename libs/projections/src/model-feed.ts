import { startPosition } from '@faultline/event-store';
import { type RecordedEvent } from '@faultline/kernel';
import { type ReadDocument, type ReadStore, versionedName, type WriteOperation } from '@faultline/read-store';
import { LRUCache } from 'lru-cache';
import { applyDelta, type Delta, deltasOf } from './counter-fold';
import { PoisonEvent } from './poison-event';
import { type CountDocument, type Counter, type Projection } from './projection';

/** Who writes: checkpoints of an earlier epoch are refused. */
export type FeedOwner = {
  readonly epoch: number;
  readonly owner: string;
  /** Whether other processes wait for the checkpoints: then each is written, also where no event concerned the model. */
  readonly awaited?: boolean;
};

type Slot = { readonly loaded: ReadDocument | null; current: ReadDocument | null; changedAt: string };

/** What a feed needs of the read store; a rebuild gives it a buffer instead. */
export type FeedStore = Pick<
  ReadStore,
  'ensureCollection' | 'dropCollection' | 'getMany' | 'write' | 'readCheckpoint' | 'writeCheckpoint'
>;

const cachedDocuments = 2_000;
const eventsBetweenIdleCheckpoints = 2_000;

/** One version of one read model: folds events into its documents, guarded by position, counting documents first. */
export class ModelFeed {
  position = startPosition;
  private idle = 0;
  private readonly cache = new LRUCache<string, ReadDocument>({ max: cachedDocuments });

  constructor(
    readonly projection: Projection,
    readonly version: number,
    private readonly store: FeedStore,
    private readonly owner: FeedOwner,
  ) {}

  /** The collection of its documents. */
  get collection(): string {
    return versionedName(this.projection.name, this.version);
  }

  /** Every collection that belongs to this version. */
  get collections(): readonly string[] {
    return [this.collection, ...this.counters.map((counter) => this.counterCollection(counter))];
  }

  private get counters(): readonly Counter[] {
    return this.projection.counters ?? [];
  }

  /** Creates what is missing and takes up where the checkpoint stands. */
  async open(): Promise<void> {
    await this.store.ensureCollection({ name: this.collection, indexes: this.projection.indexes });
    for (const counter of this.counters) {
      await this.store.ensureCollection({ name: this.counterCollection(counter), indexes: counter.indexes });
    }
    const checkpoint = await this.store.readCheckpoint(this.collection);
    this.position = checkpoint?.position ?? startPosition;
  }

  /** Drops every collection of this version. */
  async drop(): Promise<void> {
    for (const name of this.collections) await this.store.dropCollection(name);
  }

  /** Whether an event concerns this model at all. */
  concerns(event: RecordedEvent): boolean {
    return this.projection.streamPrefixes.some((prefix) => event.stream.startsWith(prefix));
  }

  /**
   * Folds a batch (in order, possibly delivered before) and moves the checkpoint to `upTo`. Two phases: a crash between them leaves
   * counting documents ahead, which skip what they have counted; the other way round they would miss it.
   */
  async process(events: readonly RecordedEvent[], upTo: string): Promise<void> {
    const newer = events.filter((event) => event.position > this.position && this.concerns(event));
    if (newer.length === 0) {
      await this.moveIdle(events.length, upTo);
      return;
    }
    try {
      const slots = await this.load(newer);
      const deltas = this.fold(newer, slots);
      await this.writeCounters(deltas);
      await this.writeDocuments(slots);
      await this.checkpoint(upTo);
    } catch (error) {
      this.cache.clear();
      throw error;
    }
  }

  private async moveIdle(count: number, upTo: string): Promise<void> {
    this.idle += count;
    if (this.owner.awaited === true || this.idle >= eventsBetweenIdleCheckpoints) await this.checkpoint(upTo);
    else if (upTo > this.position) this.position = upTo;
  }

  private async checkpoint(upTo: string): Promise<void> {
    if (upTo <= this.position) return;
    const { epoch, owner, awaited } = this.owner;
    // An owner that was replaced while it stood still may yet write what lies far behind: its dead are kept in mind for ever.
    const passed = awaited === true ? [] : this.collections;
    await this.store.writeCheckpoint(this.collection, { position: upTo, epoch, owner }, passed);
    this.position = upTo;
    this.idle = 0;
  }

  private async load(events: readonly RecordedEvent[]): Promise<Map<string, Slot>> {
    const slots = new Map<string, Slot>();
    const missing: string[] = [];
    for (const event of events) {
      const key = this.guarded(event, () => this.projection.keyOf(event));
      if (key === null || slots.has(key)) continue;
      const cached = this.cache.get(key) ?? null;
      slots.set(key, { loaded: cached, current: cached, changedAt: '' });
      if (!cached) missing.push(key);
    }
    for (const document of await this.store.getMany(this.collection, missing)) {
      slots.set(document._id, { loaded: document, current: document, changedAt: document.position });
    }
    return slots;
  }

  private fold(events: readonly RecordedEvent[], slots: Map<string, Slot>): Map<Counter, Delta[]> {
    const deltas = new Map<Counter, Delta[]>(this.counters.map((counter) => [counter, []]));
    for (const event of events) {
      this.guarded(event, () => {
        this.step(event, slots, deltas);
      });
    }
    return deltas;
  }

  private step(event: RecordedEvent, slots: Map<string, Slot>, deltas: Map<Counter, Delta[]>): void {
    const key = this.projection.keyOf(event);
    const slot = key === null ? undefined : slots.get(key);
    if (key === null || !slot || (slot.current && slot.current.position >= event.position)) return;
    const before = slot.current;
    const result = this.projection.apply(before, event);
    if (result === before) return;
    const after = result && { ...result, _id: key, position: event.position };
    slot.current = after;
    slot.changedAt = event.position;
    for (const [counter, list] of deltas) list.push(...deltasOf(counter, { before, after, event }));
  }

  /** The projection's own functions are pure: what fails in them fails every time. */
  private guarded<Result>(event: RecordedEvent, task: () => Result): Result {
    try {
      return task();
    } catch (error) {
      throw new PoisonEvent(this.projection.name, event, error);
    }
  }

  private async writeCounters(deltas: Map<Counter, Delta[]>): Promise<void> {
    for (const [counter, list] of deltas) {
      if (list.length === 0) continue;
      const collection = this.counterCollection(counter);
      const keys = [...new Set(list.map(({ key }) => key))];
      const documents = await this.store.getMany<CountDocument>(collection, keys);
      const current = new Map(documents.map((document) => [document._id, document]));
      for (const delta of list) current.set(delta.key, applyDelta(current.get(delta.key), delta));
      const changed = [...current.values()].filter((document) => !documents.includes(document));
      await this.store.write(
        collection,
        changed.map((document) => ({ kind: 'put', document })),
      );
    }
  }

  private async writeDocuments(slots: Map<string, Slot>): Promise<void> {
    const operations: WriteOperation[] = [];
    for (const [id, { loaded, current, changedAt }] of slots) {
      if (current) this.cache.set(id, current);
      else this.cache.delete(id);
      if (current === loaded) continue;
      operations.push(current ? { kind: 'put', document: current } : { kind: 'delete', id, position: changedAt });
    }
    await this.store.write(this.collection, operations);
  }

  private counterCollection(counter: Counter): string {
    return versionedName(counter.name, this.version);
  }
}
