import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { defaultGroupLimits, type GroupLimits, groupRecords, type SpoolGroup } from './groups';
import { type Manifest, readManifest } from './manifest';
import { mergeRuns } from './merge';
import { rejectedFile } from './rejected-rows';

/** A file that was read to its end, checked and sorted, on disk: everything that an import needs, without the upload. */
export class Spool {
  constructor(
    readonly directory: string,
    readonly manifest: Manifest,
  ) {}

  /** The rows of each key in turn, in their order, read lazily; may be called again, also after a restart. */
  groups(limits: GroupLimits = defaultGroupLimits): AsyncGenerator<SpoolGroup> {
    return groupRecords(mergeRuns(this.manifest.runs.map(({ file }) => join(this.directory, file))), limits);
  }

  /** All rejected rows as CSV: line, column, reason. */
  rejectedCsv(): AsyncIterable<Uint8Array> {
    return createReadStream(join(this.directory, rejectedFile));
  }
}

/** The finished spool in a directory; null if spooling was interrupted, and the file is needed again. */
export async function openSpool(directory: string): Promise<Spool | null> {
  const manifest = await readManifest(directory);
  return manifest && new Spool(directory, manifest);
}

/** Removes a spool, finished or not. */
export const removeSpool = (directory: string): Promise<void> => rm(directory, { recursive: true, force: true });
