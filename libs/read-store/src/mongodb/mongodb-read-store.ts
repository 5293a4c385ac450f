import { StoreUnavailable } from '@faultline/kernel';
import { type Database, databaseAt, type MongoDbSettings } from '@faultline/mongodb-client';
import { ReadStoreUnusable } from '../read-store.errors';
import {
  type Checkpoint,
  type CollectionSpec,
  type Filter,
  type FindOptions,
  type Group,
  type GroupOptions,
  type Lease,
  type ReadDocument,
  type ReadStore,
  type WriteOperation,
} from '../read-store.port';
import { Collections } from './collections';
import { reaching, what } from './errors';
import { Graves } from './graves';
import { writeGuarded } from './guarded-writer';
import { count, find, group } from './queries';
import { Registers } from './registers';
import { alive, collectionNames, collectionOf, tombstoneMark } from './stored';
import { VersionRegister } from './versions';

/**
 * The read store in one database of MongoDB 5.0 or newer, or of a server that speaks its protocol. Any number of processes may have
 * it open. It connects with the first call and again after every trouble, by itself.
 */
export class MongoDbReadStore implements ReadStore {
  private readonly collections: Collections;
  private readonly registers: Registers;
  private readonly versions: VersionRegister;
  private readonly graves: Graves;

  constructor(private readonly database: Database) {
    this.collections = new Collections(database);
    this.registers = new Registers(database.db);
    this.versions = new VersionRegister(database.db);
    this.graves = new Graves(database.db);
  }

  ensureCollection(spec: CollectionSpec): Promise<void> {
    return reaching(() => this.collections.ensure(spec));
  }

  dropCollection(name: string): Promise<void> {
    this.graves.forget(name);
    return reaching(() => this.collections.drop(name));
  }

  collectionNames(): Promise<readonly string[]> {
    return reaching(() => collectionNames(this.database.db));
  }

  get<Doc extends ReadDocument>(collection: string, id: string): Promise<Doc | undefined> {
    return reaching(async () => {
      const stored = await collectionOf(this.database.db, collection).findOne({ _id: id });
      return stored && stored[tombstoneMark] === undefined ? (stored as ReadDocument as Doc) : undefined;
    });
  }

  getMany<Doc extends ReadDocument>(collection: string, ids: readonly string[]): Promise<Doc[]> {
    return reaching(async () => {
      if (ids.length === 0) return [];
      const filter = { _id: { $in: [...new Set(ids)] }, ...alive };
      return (await collectionOf(this.database.db, collection).find(filter).toArray()) as ReadDocument[] as Doc[];
    });
  }

  find<Doc extends ReadDocument>(collection: string, options: FindOptions = {}): Promise<Doc[]> {
    return reaching(
      async () => (await find(collectionOf(this.database.db, collection), options)) as ReadDocument[] as Doc[],
    );
  }

  count(collection: string, filter?: Filter): Promise<number> {
    return reaching(() => count(collectionOf(this.database.db, collection), filter));
  }

  group(collection: string, options: GroupOptions): Promise<Group[]> {
    return reaching(() => group(collectionOf(this.database.db, collection), options));
  }

  write(collection: string, operations: readonly WriteOperation[]): Promise<void> {
    return reaching(async () => {
      if (operations.length === 0) return;
      await this.collections.require(collection);
      this.graves.noteDeletes(collection, operations);
      await writeGuarded(this.database.db, collection, operations);
    });
  }

  readCheckpoint(projection: string): Promise<Checkpoint | undefined> {
    return reaching(() => this.registers.checkpoint(projection));
  }

  writeCheckpoint(projection: string, checkpoint: Checkpoint, collections: readonly string[] = []): Promise<void> {
    return reaching(async () => {
      await this.registers.writeCheckpoint(projection, checkpoint);
      for (const name of collections) await this.graves.clear(name, checkpoint.position);
    });
  }

  acquireLease(id: string, owner: string, times: { now: number; forMs: number }): Promise<Lease | undefined> {
    return reaching(() => this.registers.acquireLease(id, owner, times));
  }

  releaseLease(id: string, owner: string): Promise<void> {
    return reaching(() => this.registers.releaseLease(id, owner));
  }

  leases(prefix: string): Promise<readonly Lease[]> {
    return reaching(() => this.registers.leasesOf(prefix));
  }

  liveVersion(model: string): Promise<number> {
    return reaching(() => this.versions.live(model));
  }

  claimVersions(model: string, epoch: number): Promise<number> {
    return reaching(() => this.versions.claim(model, epoch));
  }

  reserveVersion(model: string, epoch: number): Promise<number> {
    return reaching(() => this.versions.reserve(model, epoch));
  }

  swapVersion(model: string, version: number, epoch: number): Promise<void> {
    return reaching(() => this.versions.swap(model, version, epoch));
  }

  close(): Promise<void> {
    return this.database.close();
  }
}

/** Opens the read store at a URL of MongoDB's; its path names the database, `faultline` where it has none. Connects later. Rejects with ReadStoreUnusable for a wrong URL. */
export async function openMongoDbReadStore({
  url,
  settings,
}: {
  readonly url: string;
  readonly settings?: MongoDbSettings;
}): Promise<MongoDbReadStore> {
  try {
    return await Promise.resolve(new MongoDbReadStore(databaseAt(url, { what, maxPoolSize: 50, settings })));
  } catch (error) {
    throw error instanceof StoreUnavailable ? new ReadStoreUnusable(error.message) : error;
  }
}
