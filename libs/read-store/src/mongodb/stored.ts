import { type Collection, type Db } from 'mongodb';
import { type ReadDocument } from '../read-store.port';

/** A document as MongoDB keeps it. One with `buriedAt` is a tombstone, which no reader sees: its position again. */
export type Stored = ReadDocument & { readonly [tombstoneMark]?: string | null };

/** The field that only tombstones have. */
export const tombstoneMark = '_buriedAt';

/** What every query adds to its filter. */
export const alive = { [tombstoneMark]: null } as const;

const modelPrefix = 'models.';

/** A collection of the port, in a name space of its own: the database may hold other stores. */
export const collectionOf = (database: Db, name: string): Collection<Stored> =>
  database.collection<Stored>(modelPrefix + name);

/** The names of all collections of the port. */
export async function collectionNames(database: Db): Promise<string[]> {
  const found = await database.listCollections({}, { nameOnly: true }).toArray();
  return found.flatMap(({ name }) => (name.startsWith(modelPrefix) ? [name.slice(modelPrefix.length)] : []));
}

// Journalled before they are acknowledged: who is told that a lease or a checkpoint is his acts on it.
const durable = { writeConcern: { w: 'majority', journal: true } } as const;

/** A collection of registers: checkpoints, leases, versions. */
export const registerOf = <Entry extends { _id: string }>(database: Db, name: string): Collection<Entry> =>
  database.collection<Entry>(`registers.${name}`, durable);
