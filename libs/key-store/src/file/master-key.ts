import { createHash, randomBytes } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, writeFileSync } from 'node:fs';

const keyBytes = 32;

/** 32 bytes from what an operator sets: hex or base64 of 32 bytes as they are, any other text by its SHA-256. */
export function masterKeyFrom(text: string): Buffer {
  if (/^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, 'hex');
  const decoded = /^[A-Za-z0-9+/]{43}=$/.test(text) ? Buffer.from(text, 'base64') : Buffer.alloc(0);
  if (decoded.length === keyBytes) return decoded;
  return createHash('sha256').update(text, 'utf8').digest();
}

/** The master key beside the data: made on first use, readable by its owner alone. */
export function masterKeyBeside(path: string): Buffer {
  if (existsSync(path)) return Buffer.from(readFileSync(path, 'utf8').trim(), 'hex');
  const key = randomBytes(keyBytes);
  writeFileSync(path, `${key.toString('hex')}\n`, { mode: 0o600, flag: 'wx' });
  const file = openSync(path, 'r');
  fsyncSync(file);
  closeSync(file);
  return key;
}
