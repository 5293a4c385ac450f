import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { KeyStoreUnusable } from '../key-store.errors';

const keyBytes = 32;

function masterKeyIn(path: string): Buffer {
  const key = Buffer.from(readFileSync(path, 'utf8').trim(), 'hex');
  if (key.length === keyBytes) return key;
  throw new KeyStoreUnusable(`${path} holds no master key: restore it from a backup`);
}

/** The master key beside the data: made on first use where `make` allows it, readable by its owner alone. */
export function masterKeyBeside(path: string, { make }: { readonly make: boolean }): Buffer {
  if (existsSync(path)) return masterKeyIn(path);
  if (!make) {
    throw new KeyStoreUnusable(
      `There is no master key in ${path}: restore it from a backup, or set FAULTLINE_MASTER_KEY`,
    );
  }
  const key = randomBytes(keyBytes);
  // Whole or not at all: a key of which half was written would lock everybody out.
  const next = `${path}.next`;
  writeFileSync(next, `${key.toString('hex')}\n`, { mode: 0o600, flush: true });
  renameSync(next, path);
  const folder = openSync(dirname(path), 'r');
  fsyncSync(folder);
  closeSync(folder);
  return key;
}
