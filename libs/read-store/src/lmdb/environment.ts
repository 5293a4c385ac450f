import { type Database, open, type RootDatabase, type RootDatabaseOptions } from 'lmdb';
import { join } from 'node:path';
import { DomainError, StoreUnavailable } from '@faultline/kernel';
import { causeOfFailedCommit, checkLmdbFile, requireRoom } from '@faultline/lmdb-files';
import { ReadStoreUnusable, UnknownCollection } from '../read-store.errors';
import { type ReadDocument } from '../read-store.port';
import { type StoredCollection } from './stored-collection';

/** The tables of one read store. Keys of the first three are made of bytes, so that they order as MongoDB orders values. */
export type Environment = {
  readonly root: RootDatabase;
  readonly documents: Database<ReadDocument, Buffer>;
  /** Index entries: everything is in the key. */
  readonly entries: Database<Buffer, Buffer>;
  /** The position of each deleted document, under the document's key. */
  readonly tombstones: Database<string, Buffer>;
  /** Collections by name, and prefixes of keys that are yet to be removed. */
  readonly catalog: Database<StoredCollection | Uint8Array | number, string[]>;
  /** Checkpoints, leases, live versions. */
  readonly registers: Database<unknown, string[]>;
};

const unusable = (directory: string, problem: string, options?: ErrorOptions): ReadStoreUnusable =>
  new ReadStoreUnusable(
    `The read store in ${directory} cannot be opened (${problem}). Deleting this directory is safe: read models are rebuilt from the log`,
    options,
  );

// Address space, not memory or disk: the map need not be moved while another thread reads.
const mapSize = 64 * 1024 ** 3;
const keyed = { keyEncoding: 'binary' } as const;
const values: RootDatabaseOptions = { encoding: 'msgpack', encoder: { useRecords: false } };

const formatVersion = 1;

/** Opens, or creates, the tables in `<dir>/read`. Throws {@link ReadStoreUnusable}. */
export function openEnvironment(dir: string): Environment {
  const path = join(dir, 'read');
  try {
    requireRoom(path);
    const state = checkLmdbFile(join(path, 'data.mdb'));
    if (state.kind === 'damaged') throw unusable(path, state.reason);
    return openTables(path);
  } catch (error) {
    if (error instanceof ReadStoreUnusable) throw error;
    throw unusable(path, messageOf(error), { cause: error });
  }
}

function openTables(path: string): Environment {
  const root = open({ path, noSubdir: false, maxDbs: 8, mapSize, compression: true });
  const env: Environment = {
    root,
    documents: root.openDB('documents', { ...keyed, ...values }),
    entries: root.openDB('entries', { ...keyed, encoding: 'binary', compression: false }),
    tombstones: root.openDB('tombstones', { ...keyed, encoding: 'string' }),
    catalog: root.openDB('catalog', values),
    registers: root.openDB('registers', values),
  };
  const found = env.registers.get(['format']);
  if (found === undefined) env.registers.putSync(['format'], formatVersion);
  else if (found !== formatVersion) {
    void root.close();
    throw unusable(path, `its format is ${JSON.stringify(found)}, this version reads ${formatVersion}`);
  }
  return env;
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Carries out `action` in one transaction and resolves once it is visible to every thread. Rejects with StoreUnavailable where LMDB fails. */
export async function inTransaction<Result>(env: Environment, action: () => Result): Promise<Result> {
  try {
    return await env.root.transaction(action);
  } catch (error) {
    if (error instanceof DomainError || error instanceof UnknownCollection) throw error;
    const cause = await causeOfFailedCommit(error);
    throw new StoreUnavailable(`The read store cannot be written: ${messageOf(cause)}`, { cause });
  }
}
