import { createHash, randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { BlobExists } from '../blob-store.errors';
import { type BlobEntry, type BlobInfo, type BlobStore, checkBlobId } from '../blob-store.port';
import { sameContent, verified } from '../content';
import { isMissing, onDisk, readTrailer, syncFolder, syncName, unavailable, writeBlobFile } from './blob-file';

/** Blobs as files of mode 0600 below `blobs`, in folders by the first two digits of the SHA-256 of their ids. */
class FileBlobStore implements BlobStore {
  private naming: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly folder: string,
    private readonly incoming: string,
  ) {}

  async put(id: string, content: AsyncIterable<Uint8Array>): Promise<BlobInfo> {
    checkBlobId(id);
    const written = join(this.incoming, randomUUID());
    const info = await writeBlobFile(written, content);
    await this.inTurn(async () => {
      try {
        await this.name(id, written, info);
      } finally {
        await rm(written, { force: true }).catch(() => undefined);
      }
    });
    return info;
  }

  async get(id: string): Promise<Readable | undefined> {
    const file = await this.open(id);
    if (!file) return undefined;
    const info = await this.trailerOf(file);
    if (info.bytes > 0) {
      const source = file.createReadStream({ start: 0, end: info.bytes - 1 });
      return verified(source, { id, toError: unavailable, ...info });
    }
    await file.close();
    return verified(Readable.from([]), { id, toError: unavailable, ...info });
  }

  async stat(id: string): Promise<BlobInfo | undefined> {
    const file = await this.open(id);
    if (!file) return undefined;
    const info = await this.trailerOf(file);
    await file.close();
    return info;
  }

  async delete(id: string): Promise<void> {
    checkBlobId(id);
    await this.inTurn(() =>
      onDisk(async () => {
        const path = this.pathOf(id);
        await rm(path, { force: true });
        await syncFolder(dirname(path)).catch((error: unknown) => {
          if (!isMissing(error)) throw error;
        });
      }),
    );
  }

  async *list(): AsyncGenerator<BlobEntry> {
    const ids: string[] = [];
    await onDisk(async () => {
      for (const shard of await entriesOf(this.folder)) {
        if (/^[0-9a-f]{2}$/.test(shard)) ids.push(...(await readdir(join(this.folder, shard))));
      }
    });
    for (const id of ids.sort()) {
      const info = await this.stat(id);
      if (info) yield { id, ...info };
    }
  }

  async close(): Promise<void> {
    await this.naming;
  }

  /** One after the other: whether a name is taken must stay true until it is given. */
  private inTurn<Result>(task: () => Promise<Result>): Promise<Result> {
    const current = this.naming.then(task);
    this.naming = current.catch(() => undefined);
    return current;
  }

  private async name(id: string, written: string, info: BlobInfo): Promise<void> {
    const present = await this.stat(id);
    if (present && !sameContent(present, info)) throw new BlobExists(id);
    if (present) return;
    await onDisk(async () => {
      const path = this.pathOf(id);
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await rename(written, path);
      await syncName(path);
    });
  }

  private async open(id: string): Promise<FileHandle | undefined> {
    checkBlobId(id);
    try {
      return await open(this.pathOf(id), 'r');
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw unavailable(error);
    }
  }

  private async trailerOf(file: FileHandle): Promise<BlobInfo> {
    try {
      return await readTrailer(file);
    } catch (cause) {
      await file.close();
      throw unavailable(cause);
    }
  }

  private pathOf(id: string): string {
    return join(this.folder, createHash('sha256').update(id).digest('hex').slice(0, 2), id);
  }
}

/** Nothing where there is no such folder. */
async function entriesOf(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

export type FileBlobStoreOptions = {
  readonly directory: string;
  /** Makes nothing and takes nothing away: for whoever reads what another process may be writing. */
  readonly readOnly?: boolean;
};

/**
 * Opens the blob store in `<directory>/blobs`, and takes away what a crash has left half written there: one process at a time.
 * Throws StoreUnavailable.
 */
export async function openFileBlobStore({ directory, readOnly = false }: FileBlobStoreOptions): Promise<BlobStore> {
  const folder = join(directory, 'blobs');
  const incoming = join(folder, 'incoming');
  if (readOnly) return new FileBlobStore(folder, incoming);
  await onDisk(async () => {
    await rm(incoming, { recursive: true, force: true });
    await mkdir(incoming, { recursive: true, mode: 0o700 });
    await syncName(incoming);
  });
  return new FileBlobStore(folder, incoming);
}
