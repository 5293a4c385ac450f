import { Readable } from 'node:stream';
import { type DataKey, type KeyStore, openStream, sealStream } from '@faultline/key-store';
import { type BlobInfo, type BlobStore } from './blob-store.port';
import { Meter } from './content';

/** A sealed blob: its content as it was given, and as the store holds it. */
export type SealedBlobInfo = { readonly clear: BlobInfo; readonly stored: BlobInfo };

/**
 * Blobs sealed at rest, each under a key and bound to its id. Sealing the same content twice gives different bytes, so a repeated `put`
 * of an id throws BlobExists: whoever may have to repeat it asks `stat` first, or takes a new id for each attempt.
 */
export class SealedBlobs {
  constructor(
    private readonly blobs: BlobStore,
    private readonly keys: Pick<KeyStore, 'key' | 'prepare'>,
  ) {}

  /** Seals and stores; throws what {@link BlobStore.put} throws. */
  async put(id: string, content: AsyncIterable<Uint8Array>, key: DataKey): Promise<SealedBlobInfo> {
    const meter = new Meter();
    const measured = async function* (): AsyncGenerator<Uint8Array> {
      for await (const chunk of content) {
        meter.update(chunk);
        yield chunk;
      }
    };
    const stored = await this.blobs.put(id, sealStream(measured(), key, id));
    return { clear: meter.finish(), stored };
  }

  /**
   * The content in clear text, undefined where there is no such blob. The stream ends in KeyDestroyed where its key is no more, in
   * SealBroken or BlobDamaged where the content is not what was put.
   */
  async get(id: string): Promise<Readable | undefined> {
    const sealed = await this.blobs.get(id);
    if (!sealed) return undefined;
    const clear = Readable.from(openStream(sealed, this.keys, id), { objectMode: false });
    // One that is given up before it was read has not even begun.
    return clear.once('close', () => sealed.destroy());
  }
}
