import { onlyDuplicateKeys } from '@faultline/mongodb-client';
import { type AnyBulkWriteOperation, type Collection, type Db, MongoBulkWriteError, type WriteError } from 'mongodb';
import { type WriteOperation } from '../read-store.port';
import { collectionOf, type Stored, tombstoneMark } from './stored';

/** The document that an operation leaves. */
const outcomeOf = (operation: WriteOperation): Stored =>
  operation.kind === 'put'
    ? operation.document
    : { _id: operation.id, position: operation.position, [tombstoneMark]: operation.position };

const replacement = (document: Stored, upsert: boolean): AnyBulkWriteOperation<Stored> => ({
  replaceOne: { filter: { _id: document._id, position: { $lt: document.position } }, replacement: document, upsert },
});

const byId = (a: Stored, b: Stored): number => (a._id < b._id ? -1 : 1);

/** Carries out guarded writes: each replaces its document if the one stored is older, in one step of the server's. */
export async function writeGuarded(database: Db, name: string, operations: readonly WriteOperation[]): Promise<void> {
  const collection = collectionOf(database, name);
  // In one order, whoever writes: servers that lock rows would let two batches wait for each other.
  let open = operations.map(outcomeOf).sort(byId);
  while (open.length > 0) open = await attempt(collection, open);
}

/**
 * Tries all; answers what has to be tried again. That an insert clashed (11000) does not prove that a newer document is there: two
 * first writes may have raced, and the older one have won. So what clashed is written once more as a plain replacement, and only
 * what that misses was too late — or lost the document that it clashed with, a tombstone cleared away meanwhile.
 */
async function attempt(collection: Collection<Stored>, documents: readonly Stored[]): Promise<Stored[]> {
  const clashed = await insertOrReplace(collection, documents);
  if (clashed.length === 0) return [];
  const second = clashed.map((document) => replacement(document, false));
  const { matchedCount } = await collection.bulkWrite(second, { ordered: false });
  if (matchedCount === clashed.length) return [];
  const ids = clashed.map(({ _id }) => _id);
  const there = await collection.find({ _id: { $in: ids } }, { projection: { _id: 1 } }).toArray();
  const known = new Set(there.map(({ _id }) => _id));
  return clashed.filter(({ _id }) => !known.has(_id));
}

async function insertOrReplace(collection: Collection<Stored>, documents: readonly Stored[]): Promise<Stored[]> {
  try {
    await collection.bulkWrite(
      documents.map((document) => replacement(document, true)),
      { ordered: false },
    );
    return [];
  } catch (error) {
    if (!(error instanceof MongoBulkWriteError) || !onlyDuplicateKeys(error)) throw error;
    const failures: readonly WriteError[] = [error.writeErrors].flat();
    return failures.flatMap(({ index }) => documents[index] ?? []);
  }
}
