import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { Inject, Injectable } from '@nestjs/common';
import { type BlobStore } from '@faultline/blob-store';
import { type ImportReport } from '@faultline/imports';
import { isUuid } from '@faultline/kernel';
import { BLOB_STORE, WORK_DIRECTORY } from '../platform/tokens';

/** What an import could not take in: the first rejected rows, and the incidents that were held back. */
export type Lists = Pick<ImportReport, 'rejected' | 'heldBack'>;

const prefix = 'faultline-import-';

const listsOf = (id: string): string => `import-${id}.lists.json`;
const rowsOf = (id: string): string => `import-${id}.rejected.csv`;

/** Where imports are spooled; and what those that are over could not take in, where every process finds it. */
@Injectable()
export class ImportFiles {
  constructor(
    @Inject(BLOB_STORE) private readonly blobs: BlobStore,
    @Inject(WORK_DIRECTORY) private readonly directory: string,
  ) {}

  /** The folder of an import's spool, in this process's work directory. */
  spoolFolder(id: string): string {
    return join(this.directory, `${prefix}${id}`);
  }

  /** The imports that have a spool in the work directory; whatever else lies there is somebody else's. */
  async spooled(): Promise<readonly string[]> {
    const entries = await readdir(this.directory, { withFileTypes: true }).catch(() => []);
    return entries
      .filter((entry) => entry.isDirectory() && entry.name.startsWith(prefix))
      .map(({ name }) => name.slice(prefix.length))
      .filter(isUuid);
  }

  /** Keeps the lists, and every rejected row as CSV; again, where a crash came between this and the end of the import. */
  async keep(id: string, lists: Lists, rejectedCsv: AsyncIterable<Uint8Array>): Promise<void> {
    for (const blob of [listsOf(id), rowsOf(id)]) await this.blobs.delete(blob);
    await this.blobs.put(rowsOf(id), rejectedCsv);
    await this.blobs.put(listsOf(id), Readable.from([Buffer.from(JSON.stringify(lists))]));
  }

  /** Empty lists where there are none. */
  async read(id: string): Promise<Lists> {
    const blob = await this.blobs.get(listsOf(id));
    if (!blob) return { rejected: [], heldBack: [] };
    const chunks: Buffer[] = [];
    for await (const chunk of blob) chunks.push(chunk as Buffer);
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as Lists;
  }

  /** Every rejected row as CSV; undefined while the import is not over. */
  rejectedCsv(id: string): Promise<Readable | undefined> {
    return this.blobs.get(rowsOf(id));
  }
}
