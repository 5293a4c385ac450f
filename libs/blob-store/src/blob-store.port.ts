import { type Readable } from 'node:stream';
import { InvalidBlobId } from './blob-store.errors';

/** What is known of a blob: its length in bytes, and the SHA-256 of them in lower-case hex. */
export type BlobInfo = { readonly bytes: number; readonly digest: string };

/** A blob of a listing. */
export type BlobEntry = BlobInfo & { readonly id: string };

/**
 * Files apart from the log: each whole or not at all, never changed, found by an id of 1 to 128 lower-case letters, digits and `._-`.
 * The store seals nothing; {@link SealedBlobs} does. Every call throws StoreUnavailable where the store is away or full, and
 * InvalidBlobId where the id is none. What it promises is `test/contracts/blob-store.contract.ts`.
 */
export interface BlobStore {
  /**
   * Stores what the stream yields, in memory that does not grow with it; resolves once it is durable. A stream that fails leaves
   * nothing behind, and its error is thrown as it is. The same content again is no error; other content throws BlobExists.
   */
  put(id: string, content: AsyncIterable<Uint8Array>): Promise<BlobInfo>;
  /** The content, undefined where there is none. The stream ends in BlobDamaged where it is not what was put. */
  get(id: string): Promise<Readable | undefined>;
  /** What is known of the blob, undefined where there is none. */
  stat(id: string): Promise<BlobInfo | undefined>;
  /** Resolves once the blob is gone; one that never was is no error. */
  delete(id: string): Promise<void>;
  /** Every blob, by id; one that is put or deleted meanwhile may be in it or not. */
  list(): AsyncIterable<BlobEntry>;
  close(): Promise<void>;
}

/** Throws InvalidBlobId. Lower case alone, since some file systems take two cases for one. */
export function checkBlobId(id: string): void {
  if (!/^[a-z0-9][a-z0-9._-]{0,127}$/.test(id)) throw new InvalidBlobId(id);
}
