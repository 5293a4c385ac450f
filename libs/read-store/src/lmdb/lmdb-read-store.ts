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
import { Catalog } from './catalog';
import { documentKey, indexPrefix, keyTail } from './entry-keys';
import { EntryReader } from './entry-reader';
import { type Environment, openEnvironment } from './environment';
import { prepareQuery } from './query-plan';
import { GuardedWriter } from './guarded-writer';
import { parsePath, removeAt } from './paths';
import { QueryRunner } from './query-runner';
import { Registers } from './registers';
import { newCollection } from './stored-collection';

/**
 * The embedded read store: documents, index entries and registers in LMDB tables below `<dir>/read`. Several threads of one process
 * may each open it; what one has written the others see with their next call. Commits reach the disk in order and soon, but are not
 * waited for: after a power cut the store stands at an earlier moment of its own.
 */
export class LmdbReadStore implements ReadStore {
  private readonly catalog: Catalog;
  private readonly writer: GuardedWriter;
  private readonly registers: Registers;

  constructor(private readonly env: Environment) {
    this.catalog = new Catalog(env);
    this.writer = new GuardedWriter(env, this.catalog);
    this.registers = new Registers(env, this.catalog);
  }

  ensureCollection(spec: CollectionSpec): Promise<void> {
    return this.catalog.ensure(spec);
  }

  dropCollection(name: string): Promise<void> {
    return this.catalog.drop(name);
  }

  collectionNames(): Promise<readonly string[]> {
    return this.reading(() => this.catalog.names());
  }

  async get<Doc extends ReadDocument>(collection: string, id: string): Promise<Doc | undefined> {
    const [document] = await this.getMany<Doc>(collection, [id]);
    return document;
  }

  getMany<Doc extends ReadDocument>(collection: string, ids: readonly string[]): Promise<Doc[]> {
    return this.reading(() => {
      const stored = this.catalog.read(collection);
      if (!stored) return [];
      const prefix = indexPrefix(stored.no, 0);
      return [...new Set(ids)].flatMap((id) => {
        const document = this.env.documents.get(documentKey(prefix, keyTail(id)));
        return document ? [document as Doc] : [];
      });
    });
  }

  async find<Doc extends ReadDocument>(collection: string, options: FindOptions = {}): Promise<Doc[]> {
    const found = await this.query(collection, options, (runner) => runner.find(options));
    for (const path of options.without ?? []) for (const document of found ?? []) removeAt(document, parsePath(path));
    return (found ?? []) as Doc[];
  }

  async count(collection: string, filter?: Filter): Promise<number> {
    return (await this.query(collection, { filter }, (runner) => runner.count(filter))) ?? 0;
  }

  async group(collection: string, options: GroupOptions): Promise<Group[]> {
    return (await this.query(collection, options, (runner) => runner.group(options))) ?? [];
  }

  write(collection: string, operations: readonly WriteOperation[]): Promise<void> {
    return this.writer.write(collection, operations);
  }

  readCheckpoint(projection: string): Promise<Checkpoint | undefined> {
    return this.reading(() => this.registers.checkpoint(projection));
  }

  writeCheckpoint(projection: string, checkpoint: Checkpoint, collections: readonly string[] = []): Promise<void> {
    return this.registers.writeCheckpoint(projection, checkpoint, collections);
  }

  acquireLease(id: string, owner: string, times: { now: number; forMs: number }): Promise<Lease | undefined> {
    return this.registers.acquireLease(id, owner, times);
  }

  releaseLease(id: string, owner: string): Promise<void> {
    return this.registers.releaseLease(id, owner);
  }

  liveVersion(model: string): Promise<number> {
    return this.reading(() => this.registers.liveVersion(model));
  }

  leases(prefix: string): Promise<readonly Lease[]> {
    return this.reading(() => this.registers.leases(prefix));
  }

  claimVersions(model: string, epoch: number): Promise<number> {
    return this.registers.claimVersions(model, epoch);
  }

  reserveVersion(model: string, epoch: number): Promise<number> {
    return this.registers.reserveVersion(model, epoch);
  }

  swapVersion(model: string, version: number, epoch: number): Promise<void> {
    return this.registers.swapVersion(model, version, epoch);
  }

  close(): Promise<void> {
    return this.env.root.close();
  }

  /** Runs `read` on what is committed now; without this, LMDB would go on showing what it showed earlier in the same turn. */
  private async reading<Result>(read: () => Result): Promise<Result> {
    this.env.root.resetReadTxn();
    return Promise.resolve(read());
  }

  private async query<Result>(
    name: string,
    { filter }: { readonly filter?: Filter },
    run: (runner: QueryRunner) => Promise<Result>,
  ): Promise<Result | undefined> {
    this.env.root.resetReadTxn();
    const collection = this.catalog.read(name);
    if (!collection) {
      prepareQuery(newCollection(0, { name, indexes: [] }), filter);
      return undefined;
    }
    const reader = new EntryReader(this.env, collection);
    try {
      return await run(new QueryRunner(reader));
    } finally {
      reader.close();
    }
  }
}

/** Opens the store below `directory`, making it where missing. Rejects with ReadStoreUnusable when its files are damaged. */
export async function openLmdbReadStore({ directory }: { readonly directory: string }): Promise<LmdbReadStore> {
  return Promise.resolve(new LmdbReadStore(openEnvironment(directory)));
}
