import { createHash } from 'node:crypto';

const keyBytes = 32;

/** 32 bytes from what an operator sets: hex or base64 of 32 bytes as they are, any other text by its SHA-256. */
export function masterKeyFrom(text: string): Buffer {
  if (/^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, 'hex');
  const decoded = /^[A-Za-z0-9+/]{43}=$/.test(text) ? Buffer.from(text, 'base64') : Buffer.alloc(0);
  if (decoded.length === keyBytes) return decoded;
  return createHash('sha256').update(text, 'utf8').digest();
}
