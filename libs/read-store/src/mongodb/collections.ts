import { type Database } from '@faultline/mongodb-client';
import { type IndexDescription } from 'mongodb';
import { type CollectionSpec, completeSort } from '../read-store.port';
import { UnknownCollection } from '../read-store.errors';
import { isMissing, isThere } from './errors';
import { collectionNames, collectionOf, tombstoneMark } from './stored';

/** Makes and drops collections, and knows which exist, since MongoDB would make one silently with the first write. */
export class Collections {
  private readonly known = new Set<string>();

  constructor(private readonly database: Database) {}

  async ensure({ name, indexes }: CollectionSpec): Promise<void> {
    const { db } = this.database;
    try {
      await db.createCollection(collectionOf(db, name).collectionName);
    } catch (error) {
      if (!isThere(error)) throw error;
    }
    const keys = indexes.map(completeSort).filter((fields) => fields[0]?.[0] !== '_id');
    const wanted: IndexDescription[] = keys.map((fields) => ({ key: new Map(fields) }));
    wanted.push({ key: { [tombstoneMark]: 1 }, sparse: true });
    // Over documents that are there this takes long, and would be broken off with the connection.
    await this.database.patiently((own) => collectionOf(own, name).createIndexes(wanted));
    this.known.add(name);
  }

  async drop(name: string): Promise<void> {
    this.known.delete(name);
    try {
      await collectionOf(this.database.db, name).drop();
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }

  /** Throws UnknownCollection. Asks the server once; what another process drops later it does not notice. */
  async require(name: string): Promise<void> {
    if (this.known.has(name)) return;
    if (!(await collectionNames(this.database.db)).includes(name)) throw new UnknownCollection(name);
    this.known.add(name);
  }
}
