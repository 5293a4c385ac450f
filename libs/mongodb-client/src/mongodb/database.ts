import { StoreUnavailable } from '@faultline/kernel';
import { type Db, MongoClient, type MongoClientOptions } from 'mongodb';
import { redacted } from '../redacted';
import { onServer } from './errors';

/** How to open a database; the URL's own parameters win over all of it. */
export type DatabaseOptions = {
  /** What is opened, as messages name it: «The key store». */
  readonly what: string;
  /** Connections at most; 20 where absent. */
  readonly maxPoolSize?: number;
};

/** A database with the client that belongs to it alone. */
export type Database = { readonly db: Db; close(): Promise<void> };

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

function clientOf(url: string, { what, maxPoolSize }: DatabaseOptions): MongoClient {
  const sized = maxPoolSize === undefined ? defaults : { ...defaults, maxPoolSize };
  try {
    return new MongoClient(url, optionsBeside(url, sized));
  } catch (error) {
    // Its cause would quote the URL.
    const message = error instanceof Error ? error.message : String(error);
    throw new StoreUnavailable(`${what} cannot be opened: ${redacted(message)}`);
  }
}

/** Connects, and proves it by a question. Throws StoreUnavailable: away, wrong credentials, not a URL. */
export async function openDatabase(url: string, options: DatabaseOptions): Promise<Database> {
  const client = clientOf(url, options);
  const db = client.db(databaseNameOf(url));
  try {
    await onServer(options.what, () => db.command({ ping: 1 }));
  } catch (error) {
    await client.close();
    throw error;
  }
  return { db, close: () => client.close() };
}
