import { open, readFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCode } from '../system-code';
import { onDisk } from './disk';
import { type Run } from './external-sort';
import { type Rejection } from './spooled-record';

/** What a finished spool holds; written last, so that a spool without one was never finished. */
export type Manifest = {
  readonly version: 1;
  readonly format: string;
  readonly timeZone: string;
  /** SHA-256 of the uncompressed bytes, lower-case hex. */
  readonly digest: string;
  /** The columns of the format that the file has. */
  readonly columns: readonly string[];
  readonly ignoredColumns: readonly string[];
  /** Rows of the file, rejected ones included. */
  readonly rows: number;
  /** Rows that belong to no incident, having no key that can be read. */
  readonly keylessRows: number;
  /** The first rejected rows; `rejectedRows` counts all, and the file beside has all. */
  readonly rejected: readonly Rejection[];
  readonly rejectedRows: number;
  /** The highest n of the keys `INC<n>`, null if there is none. */
  readonly highestNumber: number | null;
  readonly runs: readonly Run[];
};

const fileName = 'manifest.json';

/** Writes the manifest atomically and flushes it, and the names of the files beside it, to the disk. */
export async function writeManifest(directory: string, manifest: Manifest): Promise<void> {
  await onDisk(async () => {
    const temporary = join(directory, `${fileName}.tmp`);
    const file = await open(temporary, 'w');
    try {
      await file.writeFile(JSON.stringify(manifest));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, join(directory, fileName));
    const folder = await open(directory, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  });
}

/** The manifest of a finished spool; null if the spool was never finished, or its files are not what the manifest says. */
export async function readManifest(directory: string): Promise<Manifest | null> {
  const text = await readFile(join(directory, fileName), 'utf8').catch(ifMissing);
  if (text === null) return null;
  const manifest = JSON.parse(text) as Manifest;
  for (const { file, bytes } of manifest.runs) {
    const found = await stat(join(directory, file)).catch(ifMissing);
    if (found?.size !== bytes) return null;
  }
  return manifest;
}

function ifMissing(error: unknown): null {
  if (systemCode(error) === 'ENOENT') return null;
  throw error;
}
