import { type CollectionSpec } from '../read-store.port';
import { afterPrefix } from './bounds';
import { entryKeys, indexPrefix, keyMaker, tailStart } from './entry-keys';
import { UnknownCollection } from '../read-store.errors';
import { type Environment, inTransaction } from './environment';
import { newCollection, sameFields, type StoredCollection, type StoredIndex } from './stored-collection';

const collectionKey = (name: string): string[] => ['collection', name];
const garbage = 'garbage';
const nextKey = ['next'];
const lastIndexNo = 254;
const documentsPerTransaction = 1_000;
const keysPerTransaction = 20_000;

/** Which collections and indexes there are. Kept in the store itself: other threads see every change with the next read. */
export class Catalog {
  constructor(private readonly env: Environment) {}

  read(name: string): StoredCollection | undefined {
    return this.env.catalog.get(collectionKey(name)) as StoredCollection | undefined;
  }

  names(): string[] {
    const names = this.env.catalog.getKeys({ start: collectionKey(''), end: collectionKey('\uffff') });
    return [...names].flatMap((key) => (Array.isArray(key) ? String(key[1]) : []));
  }

  /** Inside a transaction only. */
  require(name: string): StoredCollection {
    const collection = this.read(name);
    if (!collection) throw new UnknownCollection(name);
    return collection;
  }

  /** Inside a transaction only. */
  replace(name: string, collection: StoredCollection): void {
    this.env.catalog.putSync(collectionKey(name), collection);
  }

  /** Makes what is missing; indexes that are no longer declared go. */
  async ensure(spec: CollectionSpec): Promise<void> {
    await inTransaction(this.env, () => {
      const existing = this.read(spec.name);
      if (!existing) {
        const no = (this.env.catalog.get(nextKey) as number | undefined) ?? 1;
        this.env.catalog.putSync(nextKey, no + 1);
        this.replace(spec.name, newCollection(no, spec));
        return;
      }
      const changed = this.withIndexes(existing, newCollection(existing.no, spec).indexes);
      if (changed) this.replace(spec.name, changed);
    });
    for (const { no, building } of this.read(spec.name)?.indexes ?? []) if (building) await this.build(spec.name, no);
    await this.collectGarbage();
  }

  /** Inside a transaction only: the collection with the declared indexes; undefined if they are what it has. */
  private withIndexes(existing: StoredCollection, declared: readonly StoredIndex[]): StoredCollection | undefined {
    const isDeclared = ({ fields }: StoredIndex) => declared.some((other) => sameFields(other.fields, fields));
    const kept = existing.indexes.filter(isDeclared);
    const dropped = existing.indexes.filter((index) => !isDeclared(index));
    const added = declared.filter(({ fields }) => !kept.some((other) => sameFields(other.fields, fields)));
    if (added.length === 0 && dropped.length === 0) return undefined;
    for (const { no } of dropped) this.discard(indexPrefix(existing.no, no));
    const indexes = added.map((index, offset) => ({ ...index, no: existing.nextIndex + offset, building: true }));
    const nextIndex = existing.nextIndex + added.length;
    if (nextIndex > lastIndexNo) throw new Error('A collection has had too many indexes; rebuild the read model');
    return { ...existing, nextIndex, indexes: [...kept, ...indexes] };
  }

  private async build(name: string, no: number): Promise<void> {
    for (let from: Buffer | undefined, done = false; !done;) {
      const next = await inTransaction(this.env, () => this.buildPage(name, no, from));
      from = next;
      done = next === undefined;
    }
  }

  /** Inside a transaction only: enters the next documents into an index; returns where to go on, undefined at the end. */
  private buildPage(name: string, no: number, from: Buffer | undefined): Buffer | undefined {
    const collection = this.read(name);
    const index = collection?.indexes.find((candidate) => candidate.no === no);
    if (!collection || !index) return undefined;
    const maker = keyMaker(collection.no, index);
    const prefix = indexPrefix(collection.no, 0);
    const range = { start: from ?? prefix, end: afterPrefix(prefix), limit: documentsPerTransaction };
    const page = [...this.env.documents.getRange(range)];
    const notes = new IndexNotes(collection);
    for (const { key, value } of page) {
      const found = entryKeys(maker, value, key.subarray(tailStart(key)));
      notes.add(index, found);
      for (const entry of found.keys) this.env.entries.putSync(entry, noValue);
    }
    const last = page.length < documentsPerTransaction ? undefined : page.at(-1)?.key;
    if (!last) notes.built(index);
    if (notes.changed) this.replace(name, notes.changed);
    return last && afterPrefix(last);
  }

  /** The collection is gone when this has begun; its contents are removed piecemeal, also those of drops that were interrupted. */
  async drop(name: string): Promise<void> {
    await inTransaction(this.env, () => {
      const collection = this.read(name);
      if (!collection) return;
      this.discard(indexPrefix(collection.no, 0).subarray(0, 4));
      this.env.catalog.removeSync(collectionKey(name));
    });
    await this.collectGarbage();
  }

  private discard(prefix: Buffer): void {
    this.env.catalog.putSync([garbage, prefix.toString('hex')], prefix);
  }

  private async collectGarbage(): Promise<void> {
    const { env } = this;
    for (;;) {
      const [next] = env.catalog.getRange({ start: [garbage], end: [`${garbage}~`], limit: 1 });
      if (!next) return;
      const prefix = Buffer.from(next.value as Uint8Array);
      await inTransaction(env, () => {
        let left = keysPerTransaction;
        for (const table of [env.entries, env.documents, env.tombstones]) {
          if (left === 0) return;
          const keys = [...table.getKeys({ start: prefix, end: afterPrefix(prefix), limit: left })];
          for (const key of keys) table.removeSync(key);
          left -= keys.length;
        }
        if (left > 0) env.catalog.removeSync(next.key);
      });
    }
  }
}

/** The value of every index entry. */
export const noValue = Buffer.alloc(0);

/** Gathers what new entries say about the indexes of a collection. */
export class IndexNotes {
  /** The collection as it is to be stored; undefined while nothing new was said. */
  changed: StoredCollection | undefined;

  constructor(private readonly collection: StoredCollection) {}

  add({ no }: StoredIndex, { arrays, cut }: { readonly arrays: readonly string[]; readonly cut: boolean }): void {
    if (arrays.length === 0 && !cut) return;
    const known = this.current.indexes.find((index) => index.no === no);
    if (!known || ((known.cut || !cut) && arrays.every((path) => known.arrays.includes(path)))) return;
    this.update(no, { arrays: [...new Set([...known.arrays, ...arrays])], cut: known.cut || cut });
  }

  built({ no }: StoredIndex): void {
    this.update(no, { building: false });
  }

  private get current(): StoredCollection {
    return this.changed ?? this.collection;
  }

  private update(no: number, change: Partial<StoredIndex>): void {
    const indexes = this.current.indexes.map((index) => (index.no === no ? { ...index, ...change } : index));
    this.changed = { ...this.current, indexes };
  }
}
