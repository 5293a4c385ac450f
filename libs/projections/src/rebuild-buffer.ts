import { type ReadDocument, type ReadStore, type WriteOperation } from '@faultline/read-store';
import { type FeedStore } from './model-feed';

const documentsPerWrite = 500;
const documentsHeld = 150_000;

/**
 * Holds the documents of a rebuild in memory, so that each is written once, at the end; should there be more than memory is meant
 * to hold, all of them are written and read back on demand.
 */
export class RebuildBuffer implements FeedStore {
  private readonly held = new Map<string, Map<string, ReadDocument>>();
  private readonly spilled = new Set<string>();
  private count = 0;

  constructor(private readonly store: ReadStore) {}

  ensureCollection(...args: Parameters<ReadStore['ensureCollection']>): Promise<void> {
    return this.store.ensureCollection(...args);
  }

  dropCollection(name: string): Promise<void> {
    return this.store.dropCollection(name);
  }

  /** A rebuild always starts from the beginning. */
  readCheckpoint(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  /** Only {@link flush} makes a rebuild's progress durable. */
  writeCheckpoint(): Promise<void> {
    return Promise.resolve();
  }

  async getMany<Doc extends ReadDocument>(collection: string, ids: readonly string[]): Promise<Doc[]> {
    const held = this.held.get(collection);
    const found = ids.flatMap((id) => (held?.get(id) as Doc | undefined) ?? []);
    if (!this.spilled.has(collection)) return found;
    const missing = ids.filter((id) => !held?.has(id));
    return [...found, ...(await this.store.getMany<Doc>(collection, missing))];
  }

  async write(collection: string, operations: readonly WriteOperation[]): Promise<void> {
    const held = this.held.get(collection) ?? new Map<string, ReadDocument>();
    this.held.set(collection, held);
    for (const operation of operations) {
      if (operation.kind === 'put') {
        if (!held.has(operation.document._id)) this.count += 1;
        held.set(operation.document._id, operation.document);
      } else if (held.delete(operation.id)) this.count -= 1;
      if (operation.kind === 'delete' && this.spilled.has(collection)) await this.store.write(collection, [operation]);
    }
    if (this.count > documentsHeld) await this.flush();
  }

  /** Writes everything that is held, in the order of ids. */
  async flush(): Promise<void> {
    for (const [collection, documents] of this.held) {
      const sorted = [...documents.values()].sort((a, b) => (a._id < b._id ? -1 : 1));
      for (let start = 0; start < sorted.length; start += documentsPerWrite) {
        const page = sorted.slice(start, start + documentsPerWrite);
        await this.store.write(
          collection,
          page.map((document) => ({ kind: 'put', document })),
        );
      }
      if (sorted.length > 0) this.spilled.add(collection);
    }
    this.held.clear();
    this.count = 0;
  }
}
