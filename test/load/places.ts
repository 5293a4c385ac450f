import { resolve } from 'node:path';
import { startChild } from '../support/children';
import { mongoDbForTests, type MongoDbForTests } from '../support/mongodb-server';
import { temporaryDirectory } from '../support/temporary';
import { type Place } from './contender';

/** The stores that can be asked for. */
export const storeNames = ['lmdb', 'eventstoredb', 'mongodb'] as const;

export type StoreName = (typeof storeNames)[number];

const wantedUrl = process.env['EVENTSTOREDB_URL'] || undefined;

/** What a row calls an event store. */
export const nameOf: Readonly<Record<Place['kind'], string>> = {
  lmdb: 'LMDB',
  eventstoredb: wantedUrl === undefined ? 'EventStoreDB (protocol server)' : 'EventStoreDB (EVENTSTOREDB_URL)',
};

/** A store that is there for a while. */
export type Lent<What> = { readonly what: What; readonly stop: () => Promise<void> };

/** An event store, empty unless EVENTSTOREDB_URL names it. */
export async function lendPlace(kind: Place['kind']): Promise<Lent<Place>> {
  if (kind === 'eventstoredb' && wantedUrl !== undefined) {
    return { what: { kind, url: wantedUrl }, stop: () => Promise.resolve() };
  }
  if (kind === 'lmdb') {
    const { path, remove } = await temporaryDirectory();
    return { what: { kind, directory: path }, stop: remove };
  }
  // By the working directory, as the other programs of tests. It keeps its log in memory: what is compared is the client's side.
  const server = await startChild([resolve('dist/test/support/eventstoredb-server/main.js')], {}, /READY (esdb:\S+)/);
  const stop = async () => {
    await server.stop();
  };
  return { what: { kind, url: server.ready[1] ?? '' }, stop };
}

/** MongoDB, and what a row calls it; undefined where there is none. */
export async function lendMongoDb(): Promise<(MongoDbForTests & { readonly name: string }) | undefined> {
  const server = await mongoDbForTests();
  const name = process.env['MONGODB_URL']
    ? 'MongoDB (MONGODB_URL)'
    : "MongoDB (test server: data in memory, secondary indexes in name only; says nothing about MongoDB's own speed)";
  return server && { ...server, name };
}
