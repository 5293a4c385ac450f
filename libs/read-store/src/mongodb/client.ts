import { type Db, MongoClient, type MongoClientOptions } from 'mongodb';
import { ReadStoreUnusable } from '../read-store.errors';

/** What an installation may set; each is also an option of the URL, which a setting overrides. Times in milliseconds. */
export type MongoDbSettings = {
  /** Connections to each server, at most. */
  readonly maxPoolSize?: number;
  /** How long to look for a server that can answer. */
  readonly serverSelectionTimeoutMS?: number;
  /** How long to wait for a connection to be made, and for a heartbeat's answer. */
  readonly connectTimeoutMS?: number;
  /** How long to wait for an answer. What the driver may repeat is asked once more, and waited for as long. */
  readonly socketTimeoutMS?: number;
  /** How long to wait for a connection of the pool to be free. */
  readonly waitQueueTimeoutMS?: number;
};

/**
 * What holds where neither a setting nor the URL says otherwise: a server that is away is noticed in 5 seconds, one that is frozen in
 * twice 7. (The driver's `timeoutMS`, which would bound an operation as a whole, has had no effect since its version 7.)
 */
const defaults: Required<MongoDbSettings> = {
  maxPoolSize: 50,
  serverSelectionTimeoutMS: 5_000,
  connectTimeoutMS: 5_000,
  socketTimeoutMS: 7_000,
  waitQueueTimeoutMS: 5_000,
};

// Documents without what is undefined, as other adapters keep them; acknowledged by a majority, so that no failover takes a write back.
const fixed: MongoClientOptions = {
  appName: 'faultline',
  ignoreUndefined: true,
  readPreference: 'primary',
  writeConcern: { w: 'majority' },
};

const parts = /^mongodb(?:\+srv)?:\/\/[^/?]+(?:\/([^?]*))?(?:\?(.*))?$/;

/** A database with the client that belongs to it. */
export type Database = {
  readonly db: Db;
  close(): Promise<void>;
  /** Runs what takes as long as it takes on a connection of its own, without a deadline but for that of the heartbeats. */
  patiently<Result>(operation: (db: Db) => Promise<Result>): Promise<Result>;
};

/** A database that is connected to with the first operation. Throws {@link ReadStoreUnusable} for a wrong URL. */
export function databaseAt(url: string, settings: MongoDbSettings): Database {
  const [whole, path, query] = parts.exec(url) ?? [];
  if (whole === undefined) throw wrongUrl('it has to look like mongodb://user:password@host:27017/database');
  const options = { ...unlessInUrl(query), ...given(settings), ...fixed };
  try {
    const name = decodeURIComponent(path ?? '') || 'faultline';
    const client = new MongoClient(url, options);
    const patiently: Database['patiently'] = async (operation) => {
      const patient = new MongoClient(url, { ...options, socketTimeoutMS: 0, maxPoolSize: 1 });
      try {
        return await operation(patient.db(name));
      } finally {
        await patient.close();
      }
    };
    return { db: client.db(name), close: () => client.close(), patiently };
  } catch (error) {
    // The driver's own error may quote the URL, and with it the password.
    throw wrongUrl(withoutPasswords(error instanceof Error ? error.message : String(error)));
  }
}

const wrongUrl = (problem: string): ReadStoreUnusable =>
  new ReadStoreUnusable(`The URL of the MongoDB read store cannot be used: ${problem}`);

/** A text in which no URL shows its user and password. */
export const withoutPasswords = (text: string): string => text.replaceAll(/(:\/\/)[^\s/]*@/g, '$1***@');

function unlessInUrl(query = ''): MongoClientOptions {
  const named = new Set([...new URLSearchParams(query).keys()].map((name) => name.toLowerCase()));
  return Object.fromEntries(Object.entries(defaults).filter(([name]) => !named.has(name.toLowerCase())));
}

const given = (settings: MongoDbSettings): MongoClientOptions =>
  Object.fromEntries(Object.entries<number | undefined>(settings).filter(([, value]) => value !== undefined));
