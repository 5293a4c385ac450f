import { join } from 'node:path';
import { StoreUnavailable } from '@faultline/kernel';
import { causeOfFailedCommit, checkLmdbFile, requireRoom } from '@faultline/lmdb-files';
import { type Database, open, type RootDatabase } from 'lmdb';
import { StoreUnusable } from '../event-store.errors';

/** Where an append stands: position of its first event, and how many events it has. */
export type StreamEntry = readonly [first: number, count: number];

/** The tables of the embedded log. */
export type LogEnvironment = {
  readonly root: RootDatabase;
  /** Position of an append's first event → the append's bytes. */
  readonly log: Database<Buffer, number>;
  /** Stream and revision of an append's first event → where it stands. */
  readonly streams: Database<StreamEntry, [string, number]>;
  readonly meta: Database;
  readonly directory: string;
};

const formatVersion = 1;

/** Opens the tables in `<directory>/events`. Throws StoreUnusable when the files cannot be used as they are. */
export function openEnvironment(directory: string, { readOnly }: { readOnly: boolean }): LogEnvironment {
  const path = join(directory, 'events');
  if (!readOnly) makeWritable(path);
  const state = checkLmdbFile(join(path, 'data.mdb'));
  if (state.kind === 'damaged') {
    throw new StoreUnusable(
      'damaged',
      `The event store in ${path} is damaged (${state.reason}). Nothing was changed; restore data.mdb from a backup.`,
    );
  }
  try {
    const root = open({ path, compression: true, mapSize: 64 * 2 ** 30, maxDbs: 8 });
    const log = root.openDB<Buffer, number>({ name: 'log', encoding: 'binary', compression: true });
    const streams = root.openDB<StreamEntry, [string, number]>({ name: 'streams' });
    const meta = root.openDB({ name: 'meta' });
    refuseNewerFormat(meta, path, readOnly);
    return { root, log, streams, meta, directory };
  } catch (cause) {
    if (cause instanceof StoreUnusable) throw cause;
    throw new StoreUnusable('damaged', `The event store in ${path} cannot be opened: ${messageOf(cause)}`, { cause });
  }
}

function makeWritable(path: string): void {
  try {
    requireRoom(path);
  } catch (cause) {
    throw new StoreUnusable(
      'not-writable',
      `The event store's directory ${path} cannot be written: ${messageOf(cause)}`,
      {
        cause,
      },
    );
  }
}

function refuseNewerFormat(meta: Database, path: string, readOnly: boolean): void {
  const found = meta.get('format') as number | undefined;
  if (found === undefined && !readOnly) meta.putSync('format', formatVersion);
  if (found !== undefined && found > formatVersion) {
    throw new StoreUnusable('wrong-version', `The event store in ${path} was written by a newer version of Faultline`);
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** A failed write as callers get it: no space, no permission, a broken disk. */
export async function unavailable(failure: unknown): Promise<StoreUnavailable> {
  const cause = await causeOfFailedCommit(failure);
  return new StoreUnavailable(`The event store cannot be written: ${messageOf(cause)}`, { cause });
}
