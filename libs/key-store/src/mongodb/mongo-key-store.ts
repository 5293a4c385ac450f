import { createHmac, randomBytes } from 'node:crypto';
import { systemClock } from '@faultline/kernel';
import { openDatabase } from '@faultline/mongodb-client';
import { type DataKey, type KeyRecord, type KeyStore } from '../key-store.port';
import { inBatches, type MovedKey, planTransfer, type PresentKey, sorted } from '../key-transfer';
import { type KeyWrapper, masterKeyWrapper } from '../key-wrapper';
import { replaceSecret, secretIn } from './installation-secret';
import { KeyCollection, type KeyDocument } from './key-collection';

export type MongoKeyStoreOptions = {
  /** Its database, `faultline` where it names none, holds the collection `keys`. */
  readonly url: string;
  /** What FAULTLINE_MASTER_KEY says; not needed where a wrapper is given. */
  readonly masterKey?: string | undefined;
  /** Wraps by the master key where absent. */
  readonly wrapper?: KeyWrapper;
};

/** How often it looks for keys that others have destroyed: half of what the port promises. */
const pollMs = 1_000;

/** Keys of personal data in MongoDB, each wrapped, shared by every process that has the same master key. */
class MongoKeyStore implements KeyStore {
  private readonly keys = new Map<string, DataKey>();
  private readonly subjects = new Map<string, Set<string>>();
  private readonly destroyed = new Set<string>();
  private readonly stopping = new AbortController();
  private readonly following: Promise<void>;
  /** The count of destructions that `destroyed` reflects. */
  private seen = 0;

  constructor(
    private readonly collection: KeyCollection,
    private readonly wrapper: KeyWrapper,
    private secret: Buffer,
  ) {
    this.following = this.follow();
  }

  get installationSecret(): Buffer {
    return this.secret;
  }

  async ensureKeys(subjects: readonly string[]): Promise<ReadonlyMap<string, DataKey>> {
    const missing = this.without(subjects);
    if (missing.length > 0) await this.take(await this.collection.ofSubjects(missing));
    for (let generation = 0; ; generation += 1) {
      const still = this.without(subjects);
      if (still.length === 0) break;
      await this.make(still, generation);
    }
    return new Map(subjects.map((subject) => [subject, this.newestOf(subject) as DataKey]));
  }

  async prepare(ids: readonly string[]): Promise<void> {
    const unknown = ids.filter((id) => !this.keys.has(id) && !this.destroyed.has(id));
    if (unknown.length > 0) await this.take(await this.collection.byIds(unknown));
  }

  key(id: string): DataKey | undefined {
    return this.keys.get(id);
  }

  async destroyKeys(subject: string): Promise<readonly string[]> {
    const documents = await this.collection.ofSubjects([subject]);
    const ids = documents.map(({ _id }) => _id);
    await this.collection.destroy(ids);
    for (const id of ids) this.forget(id);
    return ids;
  }

  async *exportKeys(): AsyncGenerator<KeyRecord> {
    yield { kind: 'installation', secret: this.secret };
    for await (const document of this.collection.all()) {
      const { _id: id } = document;
      if (document.kind === 'destroyed') yield { kind: 'destroyed', id };
      else
        yield { kind: 'key', id, subject: document.subject, secret: await this.wrapper.unwrap(document.wrapped, id) };
    }
  }

  async importKeys(records: AsyncIterable<KeyRecord>): Promise<void> {
    for await (const batch of inBatches(records)) {
      const { secret, keys } = sorted(batch);
      if (secret && !secret.equals(this.secret)) {
        await replaceSecret(this.collection, this.wrapper, secret);
        this.secret = secret;
      }
      await this.takeIn(keys);
    }
  }

  async close(): Promise<void> {
    this.stopping.abort();
    await this.following;
    await this.collection.close();
  }

  private async takeIn(records: readonly MovedKey[]): Promise<void> {
    for (;;) {
      const present = await this.presentOf(records);
      const { added, destroyed } = planTransfer(records, (id) => present.get(id));
      if (added.length > 0) {
        // Another process may be first: what is there then is looked at again.
        await this.collection.addNew(await Promise.all(added.map((record) => this.documentOf(record))));
        continue;
      }
      if (destroyed.length > 0) await this.collection.destroy(destroyed);
      for (const id of destroyed) this.forget(id);
      return;
    }
  }

  private async presentOf(records: readonly MovedKey[]): Promise<Map<string, PresentKey>> {
    const documents = await this.collection.byIds(records.map(({ id }) => id));
    await this.take(documents);
    const present = new Map<string, PresentKey>();
    for (const document of documents) {
      const secret = this.keys.get(document._id)?.secret;
      const usable = document.kind === 'key' && secret !== undefined;
      present.set(document._id, usable ? { kind: 'key', subject: document.subject, secret } : { kind: 'destroyed' });
    }
    return present;
  }

  private async documentOf(record: MovedKey): Promise<KeyDocument> {
    const { id: _id, kind } = record;
    if (kind === 'destroyed') return { _id, kind };
    return { _id, kind, subject: record.subject, wrapped: await this.wrapper.wrap(record.secret, _id) };
  }

  private newestOf(subject: string): DataKey | undefined {
    for (const id of this.subjects.get(subject) ?? []) {
      const key = this.keys.get(id);
      if (key) return key;
    }
    return undefined;
  }

  private without(subjects: readonly string[]): string[] {
    return [...new Set(subjects)].filter((subject) => !this.newestOf(subject));
  }

  /** One key for each subject, whoever makes it: they all derive the same id, and whose document is there first has made it. */
  private async make(subjects: readonly string[], generation: number): Promise<void> {
    const made = subjects.map(async (subject): Promise<KeyDocument> => {
      const _id = this.idOf(subject, generation);
      return { _id, kind: 'key', subject, wrapped: await this.wrapper.wrap(randomBytes(32), _id) };
    });
    const documents = await Promise.all(made);
    await this.collection.addNew(documents);
    await this.take(await this.collection.byIds(documents.map(({ _id }) => _id)));
  }

  /** Of the first key of a subject; the next generation's where it was destroyed. */
  private idOf(subject: string, generation: number): string {
    const digest = createHmac('sha256', this.installationSecret).update(`key ${generation} of ${subject}`).digest();
    return digest.subarray(0, 12).toString('base64url');
  }

  private async take(documents: readonly KeyDocument[]): Promise<void> {
    await Promise.all(
      documents.map(async (document) => {
        if (document.kind === 'destroyed') this.forget(document._id);
        else await this.takeKey(document);
      }),
    );
  }

  private async takeKey({ _id: id, subject, wrapped }: KeyDocument & { kind: 'key' }): Promise<void> {
    if (this.keys.has(id)) return;
    const secret = await this.wrapper.unwrap(wrapped, id);
    // Read before, and destroyed since.
    if (this.destroyed.has(id)) return;
    this.keys.set(id, { id, secret });
    const owned = this.subjects.get(subject);
    if (owned) owned.add(id);
    else this.subjects.set(subject, new Set([id]));
  }

  private forget(id: string): void {
    this.destroyed.add(id);
    this.keys.delete(id);
  }

  private async follow(): Promise<void> {
    const { signal } = this.stopping;
    for (;;) {
      await systemClock.wait(pollMs, signal);
      if (signal.aborted) return;
      // Whoever needs a store that is away is told by the call that needs it.
      await this.dropDestroyed().catch(() => undefined);
    }
  }

  private async dropDestroyed(): Promise<void> {
    const { destructions = 0 } = (await this.collection.installation()) ?? {};
    if (destructions === this.seen) return;
    for (const id of await this.collection.destroyedIds()) this.forget(id);
    this.seen = destructions;
  }
}

/**
 * Opens the keys in the collection `keys` of a database, for any number of processes. Throws KeyStoreUnusable where no master key is
 * given or it is not the one that the keys were made with, and StoreUnavailable where the server does not answer.
 */
export async function openMongoKeyStore(options: MongoKeyStoreOptions): Promise<KeyStore> {
  const wrapper = options.wrapper ?? masterKeyWrapper(options.masterKey);
  const collection = new KeyCollection(await openDatabase(options.url, { what: 'The key store', maxPoolSize: 5 }));
  try {
    await collection.prepare();
    return new MongoKeyStore(collection, wrapper, await secretIn(collection, wrapper));
  } catch (error) {
    await collection.close();
    throw error;
  }
}
