import { Readable } from 'node:stream';
import { type Database, durable, isDuplicateKey, latest, onServer, openDatabase } from '@faultline/mongodb-client';
import { type Collection, ObjectId } from 'mongodb';
import { BlobExists } from '../blob-store.errors';
import { type BlobEntry, type BlobInfo, type BlobStore, checkBlobId } from '../blob-store.port';
import { sameContent, verified } from '../content';
import { GridFiles, what } from './grid-files';

/** The blob of an id: the file of GridFS that holds it. */
type BlobDocument = BlobInfo & { readonly _id: string; readonly file: ObjectId };

/** A file that is being written or taken away: what a crash leaves is found by it. */
type PendingDocument = { readonly _id: ObjectId; readonly blob: string; readonly since: Date };

const dayMs = 86_400_000;

const toError = (cause: unknown): Error => (cause instanceof Error ? cause : new Error(String(cause)));

/**
 * Blobs in GridFS. A file is written under an id of its own and becomes the blob by one insert into `blobs`, which only the first of
 * several writers wins; so readers see it whole or not at all, whatever ends a writer.
 */
class MongoBlobStore implements BlobStore {
  private readonly blobs: Collection<BlobDocument>;
  private readonly pending: Collection<PendingDocument>;
  private readonly files: GridFiles;

  constructor(private readonly database: Database) {
    const options = { ...latest, writeConcern: durable };
    this.blobs = database.db.collection('blobs', options);
    this.pending = database.db.collection('blobs.pending', options);
    this.files = new GridFiles(database);
  }

  /** Creates indexes, and takes away what crashes have left: files pending for longer than any transfer lasts. */
  async prepare(): Promise<void> {
    await this.files.prepare();
    const before = new Date(Date.now() - dayMs);
    const old = await onServer(what, () => this.pending.find({ since: { $lt: before } }).toArray());
    for (const { _id: file, blob } of old) {
      const document = await this.find(blob);
      if (document?.file.equals(file) !== true) await this.files.remove(file);
      await this.settle(file);
    }
  }

  async put(id: string, content: AsyncIterable<Uint8Array>): Promise<BlobInfo> {
    checkBlobId(id);
    const file = new ObjectId();
    await this.announce(file, id);
    let info: BlobInfo;
    try {
      info = await this.files.write(file, id, content);
    } catch (error) {
      // The first error is the one to tell; what cannot be taken away now is pending, and goes at a later start.
      await this.discard(file).catch(() => undefined);
      throw error;
    }
    const won = await this.claim({ _id: id, file, ...info });
    await (won ? this.settle(file) : this.discard(file));
    if (!won) await this.checkSame(id, info);
    return info;
  }

  async get(id: string): Promise<Readable | undefined> {
    checkBlobId(id);
    const document = await this.find(id);
    if (!document) return undefined;
    const { file, bytes, digest } = document;
    const source = Readable.from(this.files.read(file, { id, bytes }), { objectMode: false });
    return verified(source, { id, bytes, digest, toError });
  }

  async stat(id: string): Promise<BlobInfo | undefined> {
    checkBlobId(id);
    const document = await this.find(id);
    return document && { bytes: document.bytes, digest: document.digest };
  }

  async delete(id: string): Promise<void> {
    checkBlobId(id);
    const document = await this.find(id);
    if (!document) return;
    const { file } = document;
    await this.announce(file, id);
    await onServer(what, () => this.blobs.deleteOne({ _id: id, file }));
    await this.discard(file);
  }

  async *list(): AsyncGenerator<BlobEntry> {
    for (let after = ''; ;) {
      const page = await onServer(what, () => this.page(after));
      for (const { _id: id, bytes, digest } of page) yield { id, bytes, digest };
      const last = page.at(-1);
      if (!last) return;
      after = last._id;
    }
  }

  close(): Promise<void> {
    return this.database.close();
  }

  private page(after: string): Promise<BlobDocument[]> {
    return this.blobs
      .find({ _id: { $gt: after } })
      .sort({ _id: 1 })
      .limit(1_000)
      .toArray();
  }

  private async find(id: string): Promise<BlobDocument | undefined> {
    return (await onServer(what, () => this.blobs.findOne({ _id: id }))) ?? undefined;
  }

  /** Whether the id was free. */
  private claim(document: BlobDocument): Promise<boolean> {
    return onServer(what, async () => {
      try {
        await this.blobs.insertOne(document);
        return true;
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
        return false;
      }
    });
  }

  private async checkSame(id: string, info: BlobInfo): Promise<void> {
    const present = await this.find(id);
    if (!present || !sameContent(present, info)) throw new BlobExists(id);
  }

  private async announce(file: ObjectId, blob: string): Promise<void> {
    const pending = { blob, since: new Date() };
    await onServer(what, () => this.pending.replaceOne({ _id: file }, pending, { upsert: true }));
  }

  private async settle(file: ObjectId): Promise<void> {
    await onServer(what, () => this.pending.deleteOne({ _id: file }));
  }

  private async discard(file: ObjectId): Promise<void> {
    await this.files.remove(file);
    await this.settle(file);
  }
}

/**
 * Opens the blobs of a database, for any number of processes: the collection `blobs` and the GridFS bucket of that name. Throws
 * StoreUnavailable where the server does not answer.
 */
export async function openMongoBlobStore({ url }: { readonly url: string }): Promise<BlobStore> {
  const database = await openDatabase(url, { what, maxPoolSize: 10 });
  const store = new MongoBlobStore(database);
  try {
    await store.prepare();
    return store;
  } catch (error) {
    await database.close();
    throw error;
  }
}
