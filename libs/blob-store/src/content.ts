import { createHash } from 'node:crypto';
import { type Readable, Transform } from 'node:stream';
import { BlobDamaged } from './blob-store.errors';
import { type BlobInfo } from './blob-store.port';

/** Measures what passes through it. */
export class Meter {
  private readonly hash = createHash('sha256');
  private bytes = 0;

  update(chunk: Uint8Array): void {
    this.hash.update(chunk);
    this.bytes += chunk.byteLength;
  }

  /** Of everything so far; to be called once. */
  finish(): BlobInfo {
    return { bytes: this.bytes, digest: this.hash.digest('hex') };
  }
}

/** Whether two blobs have the same content. */
export const sameContent = (one: BlobInfo, other: BlobInfo): boolean =>
  one.digest === other.digest && one.bytes === other.bytes;

/** What to expect of a blob's content, and how its source's errors are told. */
type Expected = BlobInfo & { readonly id: string; readonly toError: (cause: unknown) => Error };

/** The source's bytes; ends in BlobDamaged where they are not the expected ones. */
export function verified(source: Readable, { id, toError, ...expected }: Expected): Readable {
  const meter = new Meter();
  const checked = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      meter.update(chunk);
      done(null, chunk);
    },
    flush(done) {
      done(sameContent(meter.finish(), expected) ? null : new BlobDamaged(id));
    },
  });
  source.once('error', (cause) => checked.destroy(toError(cause)));
  checked.once('close', () => source.destroy());
  return source.pipe(checked);
}
