import { type Database, durable, isDuplicateKey, latest, onlyDuplicateKeys, onServer } from '@faultline/mongodb-client';
import { type Collection, type Filter } from 'mongodb';

/** A key as the collection holds it; a destroyed one keeps its id alone. */
export type KeyDocument =
  | { readonly _id: string; readonly kind: 'key'; readonly subject: string; readonly wrapped: string }
  | { readonly _id: string; readonly kind: 'destroyed' };

/** The installation's secret, and how often keys were destroyed: what other processes look at. */
export type InstallationDocument = {
  readonly _id: 'installation';
  readonly kind: 'installation';
  readonly wrapped: string;
  readonly destructions: number;
};

const installation = 'installation';
const what = 'The key store';
const pageSize = 1_000;

/** The collection `keys`. Every method throws StoreUnavailable while the server is away. */
export class KeyCollection {
  private readonly keys: Collection<KeyDocument>;
  private readonly installations: Collection<InstallationDocument>;

  constructor(private readonly database: Database) {
    this.keys = database.db.collection('keys', latest);
    this.installations = database.db.collection('keys', latest);
  }

  /** Creates what is missing. */
  async prepare(): Promise<void> {
    await onServer(what, () => this.keys.createIndex({ subject: 1 }));
  }

  installation(): Promise<InstallationDocument | null> {
    return onServer(what, () => this.installations.findOne({ _id: installation }));
  }

  /** Whether it holds any key, destroyed ones too. */
  async isEmpty(): Promise<boolean> {
    const filter: Filter<KeyDocument> = { kind: { $in: ['key', 'destroyed'] } };
    return (await onServer(what, () => this.keys.findOne(filter, { projection: { _id: 1 } }))) === null;
  }

  /** Whether this was the first one: false where another process has made it. */
  addInstallation(wrapped: string): Promise<boolean> {
    const document = { _id: installation, kind: installation, wrapped, destructions: 0 } as const;
    return onServer(what, async () => {
      try {
        await this.installations.insertOne(document, { writeConcern: durable });
        return true;
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
        return false;
      }
    });
  }

  /** Puts a secret in the place of the one wrapped so; false where that is there no longer. */
  replaceInstallation(before: string, wrapped: string): Promise<boolean> {
    const filter = { _id: installation, wrapped: before } as const;
    return onServer(what, async () => {
      const { matchedCount } = await this.installations.updateOne(
        filter,
        { $set: { wrapped } },
        { writeConcern: durable },
      );
      return matchedCount === 1;
    });
  }

  /** Every document but the installation's, in the order of ids. */
  async *all(): AsyncGenerator<KeyDocument> {
    for (let after = ''; ;) {
      const filter = { _id: { $gt: after }, kind: { $in: ['key', 'destroyed'] } } as Filter<KeyDocument>;
      const page = await onServer(what, () => this.keys.find(filter).sort({ _id: 1 }).limit(pageSize).toArray());
      yield* page;
      const last = page.at(-1);
      if (!last) return;
      after = last._id;
    }
  }

  /** Adds the keys whose ids are free; resolves once they are durable. Of the others it says nothing: read what is there. */
  addNew(keys: readonly KeyDocument[]): Promise<void> {
    return onServer(what, async () => {
      try {
        await this.keys.insertMany([...keys], { ordered: false, writeConcern: durable });
      } catch (error) {
        if (!onlyDuplicateKeys(error)) throw error;
      }
    });
  }

  ofSubjects(subjects: readonly string[]): Promise<KeyDocument[]> {
    return this.find({ subject: { $in: [...subjects] } });
  }

  byIds(ids: readonly string[]): Promise<KeyDocument[]> {
    return this.find({ _id: { $in: [...ids] } });
  }

  async destroyedIds(): Promise<string[]> {
    return (await this.find({ kind: 'destroyed' })).map(({ _id }) => _id);
  }

  /** Leaves nothing of the keys but their ids, durably; then everybody can see that it happened. */
  destroy(ids: readonly string[]): Promise<void> {
    return onServer(what, async () => {
      if (ids.length > 0) {
        const operations = ids.map((id) => ({
          replaceOne: { filter: { _id: id, kind: 'key' as const }, replacement: { kind: 'destroyed' as const } },
        }));
        await this.keys.bulkWrite(operations, { ordered: false, writeConcern: durable });
      }
      // Also where there was nothing to destroy: an earlier call may have got no further.
      const counted = { $inc: { destructions: 1 } };
      await this.installations.updateOne({ _id: installation }, counted, { writeConcern: durable });
    });
  }

  close(): Promise<void> {
    return this.database.close();
  }

  private find(filter: Filter<KeyDocument>): Promise<KeyDocument[]> {
    return onServer(what, () => this.keys.find(filter).toArray());
  }
}
