import { type Db } from 'mongodb';
import { type CollectionSpec, completeSort, type IndexSpec } from '../read-store.port';
import { UnknownCollection } from '../read-store.errors';
import { isMissing, isThere } from './errors';
import { collectionNames, collectionOf, tombstoneMark } from './stored';

// An index over documents that are there takes what it takes; the operation's own deadline is not meant for it.
const patience = { timeoutMS: 30 * 60_000 };

/** Makes and drops collections, and knows which exist, since MongoDB would make one silently with the first write. */
export class Collections {
  private readonly known = new Set<string>();

  constructor(private readonly database: Db) {}

  async ensure({ name, indexes }: CollectionSpec): Promise<void> {
    const collection = collectionOf(this.database, name);
    try {
      await this.database.createCollection(collection.collectionName);
    } catch (error) {
      if (!isThere(error)) throw error;
    }
    const keys = indexes.map(completeSort).filter((fields) => fields[0]?.[0] !== '_id');
    await collection.createIndexes(
      [...keys.map((fields: IndexSpec) => ({ key: new Map(fields) })), { key: { [tombstoneMark]: 1 }, sparse: true }],
      patience,
    );
    this.known.add(name);
  }

  async drop(name: string): Promise<void> {
    this.known.delete(name);
    try {
      await collectionOf(this.database, name).drop();
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }

  /** Throws UnknownCollection. Asks the server once; what another process drops later it does not notice. */
  async require(name: string): Promise<void> {
    if (this.known.has(name)) return;
    if (!(await collectionNames(this.database)).includes(name)) throw new UnknownCollection(name);
    this.known.add(name);
  }
}
