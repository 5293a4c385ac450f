import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { type Json, type Sealed } from '@faultline/kernel';
import { type DataKey, type KeyStore } from './key-store.port';

const nonceBytes = 12;
const tagBytes = 16;

/** AES-256-GCM of `plain`: nonce (12 bytes), tag (16), ciphertext; `bound` is authenticated with it. */
export function encrypt(plain: Buffer, secret: Buffer, bound: string): Buffer {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', secret, nonce).setAAD(Buffer.from(bound));
  const text = Buffer.concat([cipher.update(plain), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), text]);
}

/** The reverse of {@link encrypt}. Throws where key, bytes or binding are not those it was made with. */
export function decrypt(bytes: Buffer, secret: Buffer, bound: string): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', secret, bytes.subarray(0, nonceBytes)).setAAD(Buffer.from(bound));
  decipher.setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes));
  return Buffer.concat([decipher.update(bytes.subarray(nonceBytes + tagBytes)), decipher.final()]);
}

/** A personal field sealed for the log. */
export const sealField = (value: Json, key: DataKey): Sealed => ({
  sealed: encrypt(Buffer.from(JSON.stringify(value), 'utf8'), key.secret, key.id).toString('base64'),
  key: key.id,
});

/** The field in clear text, null once its key was destroyed. Throws when the ciphertext was tampered with. */
export function openField({ sealed, key: id }: Sealed, keys: Pick<KeyStore, 'key'>): Json {
  const key = keys.key(id);
  if (!key) return null;
  try {
    return JSON.parse(decrypt(Buffer.from(sealed, 'base64'), key.secret, id).toString('utf8')) as Json;
  } catch (cause) {
    throw new Error(`A field sealed under key ${id} does not open: it was changed, or belongs to other keys`, {
      cause,
    });
  }
}
