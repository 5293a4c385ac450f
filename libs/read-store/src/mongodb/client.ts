import { MongoClient, type MongoClientOptions } from 'mongodb';
import { ReadStoreUnusable } from '../read-store.errors';

/** What an installation may set; each is also an option of the URL, which a setting overrides. Times in milliseconds. */
export type MongoDbSettings = {
  /** Connections to each server, at most. */
  readonly maxPoolSize?: number;
  /** How long to look for a server that can answer before StoreUnavailable. */
  readonly serverSelectionTimeoutMS?: number;
  /** How long to wait for a connection to be made, and for a heartbeat's answer. */
  readonly connectTimeoutMS?: number;
  /** How long any operation may take in all, whatever happens, before StoreUnavailable. */
  readonly timeoutMS?: number;
};

/** What holds where neither a setting nor the URL says otherwise: a query is answered, or refused with 503, within 15 seconds. */
export const defaults: Required<MongoDbSettings> = {
  maxPoolSize: 50,
  serverSelectionTimeoutMS: 5_000,
  connectTimeoutMS: 5_000,
  timeoutMS: 15_000,
};

// Documents without what is undefined, as other adapters keep them; acknowledged by a majority, so that no failover takes a write back.
const fixed: MongoClientOptions = {
  appName: 'faultline',
  ignoreUndefined: true,
  readPreference: 'primary',
  writeConcern: { w: 'majority' },
};

const parts = /^mongodb(?:\+srv)?:\/\/[^/?]+(?:\/([^?]*))?(?:\?(.*))?$/;

/** A client that connects with its first operation, and the name of the database. Throws {@link ReadStoreUnusable} for a wrong URL. */
export function makeClient(url: string, settings: MongoDbSettings): { client: MongoClient; database: string } {
  const [whole, path, query] = parts.exec(url) ?? [];
  if (whole === undefined) throw wrongUrl('it has to look like mongodb://user:password@host:27017/database');
  try {
    const client = new MongoClient(url, { ...unlessInUrl(query), ...given(settings), ...fixed });
    return { client, database: decodeURIComponent(path ?? '') || 'faultline' };
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
