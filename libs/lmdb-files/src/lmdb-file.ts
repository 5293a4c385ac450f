import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { isReadable } from './readable';

/** What a look at an LMDB data file tells before LMDB maps it into memory, where a damaged one would end the process. */
export type LmdbFileState =
  { readonly kind: 'absent' } | { readonly kind: 'sound' } | { readonly kind: 'damaged'; readonly reason: string };

// The layout of a meta page, by liblmdb's MDB_meta as the lmdb package ships it (little-endian): a page header, then these offsets.
const headerBytes = 24;
const magicAt = headerBytes;
const pageSizeAt = headerBytes + 24;
const lastPageAt = headerBytes + 24 + 2 * 48;
const transactionAt = lastPageAt + 8;
const metaBytes = transactionAt + 8;
const magic = 0xbeefc0de;

type Meta = { readonly lastPage: number; readonly pageSize: number; readonly transaction: bigint };

/** Looks at the meta pages of `path` and compares them with its size. Throws what the file system throws, but for a file that is not there. */
export function checkLmdbFile(path: string): LmdbFileState {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { kind: 'absent' };
    throw error;
  }
  try {
    return check(file, path);
  } finally {
    closeSync(file);
  }
}

function check(file: number, path: string): LmdbFileState {
  const { size } = fstatSync(file);
  if (size === 0) return { kind: 'absent' };
  const first = readMeta(file, 0);
  const second = readMeta(file, first?.pageSize ?? 4096);
  const metas = [first, second].filter((meta) => meta !== undefined);
  const newest = metas.sort((a, b) => Number(b.transaction - a.transaction))[0];
  if (!newest) return { kind: 'damaged', reason: 'it does not begin like an LMDB file' };
  const needed = (newest.lastPage + 1) * newest.pageSize;
  // Pages that one transaction allocated and freed may never have been written: a file that is short need not be cut off.
  if (size >= needed || isReadable(path)) return { kind: 'sound' };
  return { kind: 'damaged', reason: `it was cut off: ${size} of ${needed} bytes are there` };
}

function readMeta(file: number, offset: number): Meta | undefined {
  const page = Buffer.alloc(metaBytes);
  if (readSync(file, page, 0, metaBytes, offset) < metaBytes) return undefined;
  const pageSize = page.readUInt32LE(pageSizeAt);
  const plausible = page.readUInt32LE(magicAt) === magic && pageSize >= 512 && pageSize <= 65_536;
  if (!plausible) return undefined;
  return {
    pageSize,
    lastPage: Number(page.readBigUInt64LE(lastPageAt)),
    transaction: page.readBigUInt64LE(transactionAt),
  };
}
