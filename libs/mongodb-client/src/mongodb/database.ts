import { StoreUnavailable } from '@faultline/kernel';
import { type Db, MongoClient, type MongoClientOptions } from 'mongodb';
import { redacted } from '../redacted';
import { onServer } from './errors';

/** What an installation may set. Times in milliseconds. */
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

/** How to open a database. The URL's own parameters win over the defaults, settings over both. */
export type DatabaseOptions = {
  /** What is opened, as messages name it: «The key store». */
  readonly what: string;
  /** Connections at most where neither URL nor settings say; 20 where absent. */
  readonly maxPoolSize?: number;
  readonly settings?: MongoDbSettings;
};

/** A database with the client that belongs to it alone. */
export type Database = {
  readonly db: Db;
  close(): Promise<void>;
  /** Runs what takes as long as it takes on a connection of its own, given up only if the server does not answer heartbeats. */
  patiently<Result>(operation: (db: Db) => Promise<Result>): Promise<Result>;
};

const defaultName = 'faultline';

/** The database that a URL names, `faultline` where it names none. */
export function databaseNameOf(url: string): string {
  const path = /^mongodb(?:\+srv)?:\/\/[^/?]*\/([^?]*)/i.exec(url)?.[1];
  return path === undefined || path === '' ? defaultName : decodeURIComponent(path);
}

// A server that is away must be noticed within the deadline of a request, also one that is frozen. What a lost connection interrupts is
// tried twice, so an operation takes about 15 seconds at most. The driver's `timeoutMS`, made for this, has no effect since 7.
const defaults: MongoClientOptions = {
  appName: 'faultline',
  serverSelectionTimeoutMS: 5_000,
  connectTimeoutMS: 5_000,
  socketTimeoutMS: 7_000,
  waitQueueTimeoutMS: 5_000,
  maxPoolSize: 20,
};

/** The driver prefers options to the URL: those that the URL gives are left out. */
function optionsBeside(url: string, options: MongoClientOptions): MongoClientOptions {
  const given = new Set([...new URLSearchParams(url.split('?')[1]).keys()].map((name) => name.toLowerCase()));
  return Object.fromEntries(Object.entries(options).filter(([name]) => !given.has(name.toLowerCase())));
}

const given = (settings: MongoDbSettings): MongoClientOptions =>
  Object.fromEntries(Object.entries<number | undefined>(settings).filter(([, value]) => value !== undefined));

/** A database that is connected to with its first operation. Throws StoreUnavailable, without a cause, for what is no URL. */
export function databaseAt(url: string, { what, maxPoolSize, settings = {} }: DatabaseOptions): Database {
  const pool = maxPoolSize === undefined ? {} : { maxPoolSize };
  const options = { ...optionsBeside(url, { ...defaults, ...pool }), ...given(settings) };
  try {
    const name = databaseNameOf(url);
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
    // Its cause would quote the URL.
    const message = error instanceof Error ? error.message : String(error);
    throw new StoreUnavailable(`${what} cannot be opened: ${redacted(message)}`);
  }
}

/** Connects, and proves it by a question. Throws StoreUnavailable: away, wrong credentials, not a URL. */
export async function openDatabase(url: string, options: DatabaseOptions): Promise<Database> {
  const database = databaseAt(url, options);
  try {
    await onServer(options.what, () => database.db.command({ ping: 1 }));
  } catch (error) {
    await database.close();
    throw error;
  }
  return database;
}
