import { durable, latest } from '@faultline/mongodb-client';
import { type Collection, type Db } from 'mongodb';
import { type ReadDocument } from '../read-store.port';

/** A document as MongoDB keeps it. One with `buriedAt` is a tombstone, which no reader sees: its position again. */
export type Stored = ReadDocument & { readonly [tombstoneMark]?: string | null };

/** The field that only tombstones have. */
export const tombstoneMark = '_buriedAt';

/** What every query adds to its filter. */
export const alive = { [tombstoneMark]: null } as const;

const modelPrefix = 'models.';

// Acknowledged by a majority and read from the primary, whatever the URL says; without what is undefined, as other adapters keep it.
const reliable = { writeConcern: { w: 'majority' }, readPreference: 'primary', ignoreUndefined: true } as const;

/** A collection of the port, in a name space of its own: the database may hold other stores. */
export const collectionOf = (database: Db, name: string): Collection<Stored> =>
  database.collection<Stored>(modelPrefix + name, reliable);

/** The names of all collections of the port. */
export async function collectionNames(database: Db): Promise<string[]> {
  const found = await database.listCollections({}, { nameOnly: true }).toArray();
  return found.flatMap(({ name }) => (name.startsWith(modelPrefix) ? [name.slice(modelPrefix.length)] : []));
}

/** A collection of registers: checkpoints, leases, versions. Who is told that one of them is his acts on it: each is journalled. */
export const registerOf = <Entry extends { _id: string }>(database: Db, name: string): Collection<Entry> =>
  database.collection<Entry>(`registers.${name}`, { ...latest, writeConcern: durable });
