import { type Database, durable, latest, onServer } from '@faultline/mongodb-client';
import { Binary, type Collection, type ObjectId } from 'mongodb';
import { BlobDamaged } from '../blob-store.errors';
import { type BlobInfo } from '../blob-store.port';
import { Meter } from '../content';

/** A file of GridFS, as its specification has it. */
type FileDocument = {
  readonly _id: ObjectId;
  readonly length: number;
  readonly chunkSize: number;
  readonly uploadDate: Date;
  readonly filename: string;
  readonly metadata: { readonly digest: string };
};

type ChunkDocument = { readonly files_id: ObjectId; readonly n: number; readonly data: Binary };

const chunkSize = 255 * 1_024;

/** What failed, as messages name it. */
export const what = 'The blob store';

/** The sequence cut into chunks of one size, the last one shorter. */
async function* chunksOf(content: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let chunk = Buffer.allocUnsafe(chunkSize);
  let used = 0;
  for await (const piece of content) {
    for (let at = 0; at < piece.byteLength;) {
      const taken = Math.min(chunkSize - used, piece.byteLength - at);
      chunk.set(piece.subarray(at, at + taken), used);
      at += taken;
      used += taken;
      if (used < chunkSize) continue;
      yield chunk;
      chunk = Buffer.allocUnsafe(chunkSize);
      used = 0;
    }
  }
  if (used > 0) yield chunk.subarray(0, used);
}

/**
 * Files in the bucket `blobs` of GridFS, in its layout, so that its tools read them. Not by the driver's own streams: theirs hold a
 * batch of up to 16 MiB where one chunk will do, and leave a chunk in flight when the source of an upload fails.
 */
export class GridFiles {
  private readonly files: Collection<FileDocument>;
  private readonly chunks: Collection<ChunkDocument>;

  constructor({ db }: Database) {
    this.files = db.collection('blobs.files', { ...latest, writeConcern: durable });
    this.chunks = db.collection('blobs.chunks', { ...latest, writeConcern: durable });
  }

  /** Creates the indexes that GridFS wants. */
  async prepare(): Promise<void> {
    await onServer(what, async () => {
      await this.files.createIndex({ filename: 1, uploadDate: 1 });
      await this.chunks.createIndex({ files_id: 1, n: 1 }, { unique: true }, undefined);
    });
  }

  /** Writes a file, durably, a chunk at a time. A failure leaves chunks: {@link remove} takes them away. */
  async write(file: ObjectId, filename: string, content: AsyncIterable<Uint8Array>): Promise<BlobInfo> {
    const meter = new Meter();
    let n = 0;
    for await (const chunk of chunksOf(content)) {
      meter.update(chunk);
      const document = { files_id: file, n, data: new Binary(chunk) };
      await onServer(what, () => this.chunks.insertOne(document));
      n += 1;
    }
    const { bytes, digest } = meter.finish();
    const uploadDate = new Date();
    const document = { _id: file, length: bytes, chunkSize, uploadDate, filename, metadata: { digest } };
    await onServer(what, () => this.files.insertOne(document));
    return { bytes, digest };
  }

  /** The bytes of a file, a chunk at a time; ends in BlobDamaged where one is missing. */
  async *read(file: ObjectId, { id, bytes }: { readonly id: string; readonly bytes: number }): AsyncGenerator<Buffer> {
    for (let n = 0; n * chunkSize < bytes; n += 1) {
      const chunk = await onServer(what, () => this.chunks.findOne({ files_id: file, n }));
      if (!chunk) throw new BlobDamaged(id);
      yield Buffer.from(chunk.data.buffer);
    }
  }

  /** Takes a file away, also one that was never finished. */
  async remove(file: ObjectId): Promise<void> {
    await onServer(what, async () => {
      await this.files.deleteOne({ _id: file });
      await this.chunks.deleteMany({ files_id: file });
    });
  }
}
