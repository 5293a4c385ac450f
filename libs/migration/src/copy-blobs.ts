import { pipeline } from 'node:stream/promises';
import { Writable } from 'node:stream';
import { type BlobEntry, type BlobStore } from '@faultline/blob-store';
import { MigrationRefused } from './migration.errors';

/** The blobs of a source, and which of them the target lacks. */
export type BlobComparison = {
  readonly blobs: number;
  readonly bytes: number;
  readonly missing: readonly BlobEntry[];
};

/** Compares by length and digest. Throws MigrationRefused where the target has another content under an id. */
export async function compareBlobs(source: BlobStore, target: BlobStore): Promise<BlobComparison> {
  const missing: BlobEntry[] = [];
  let blobs = 0;
  let bytes = 0;
  for await (const entry of source.list()) {
    blobs += 1;
    bytes += entry.bytes;
    const present = await target.stat(entry.id);
    if (!present) missing.push(entry);
    else if (present.digest !== entry.digest || present.bytes !== entry.bytes) {
      throw new MigrationRefused(`The blob ${entry.id} has another content on the target.`);
    }
  }
  return { blobs, bytes, missing };
}

/** Copies a blob and checks that the target has what the source's list tells. Throws MigrationRefused, BlobDamaged. */
export async function copyBlob(source: BlobStore, target: BlobStore, entry: BlobEntry): Promise<void> {
  const content = await source.get(entry.id);
  if (!content) throw new MigrationRefused(`The blob ${entry.id} was deleted on the source meanwhile. Begin anew.`);
  const { digest } = await target.put(entry.id, content);
  if (digest !== entry.digest) throw new MigrationRefused(`The blob ${entry.id} changed on its way. Begin anew.`);
}

/** Reads a blob to its end, which checks its digest. Throws BlobDamaged. */
export async function readThrough(blobs: BlobStore, id: string): Promise<void> {
  const content = await blobs.get(id);
  if (!content) return;
  const nowhere = new Writable({
    write: (_chunk, _encoding, done) => {
      done();
    },
  });
  await pipeline(content, nowhere);
}
