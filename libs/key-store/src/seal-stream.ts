import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { ByteReader } from './byte-reader';
import { KeyDestroyed, SealBroken } from './key-store.errors';
import { type DataKey, type KeyStore } from './key-store.port';

// Content sealed in chunks, so that neither sealing nor opening holds all of it: the construction STREAM (Hoang, Reyhanitabar, Rogaway,
// Vizár: Online Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance, CRYPTO 2015) over AES-256-GCM. A chunk's nonce is its
// number and whether it is the last one: a chunk that is moved, repeated, left out or cut off does not open. Nonces begin at 0 for each
// content, hence a key of its own for each, derived by HKDF-SHA-256 (RFC 5869) from the data key and a random salt.
//
// header   "FLS1", length of the key's id (1 byte), the key's id, salt (32 bytes)
// chunk    ciphertext (64 KiB, the last one 0 to 64 KiB), tag (16 bytes)

const magic = Buffer.from('FLS1');
const saltBytes = 32;
const tagBytes = 16;

/** Bytes of clear text in every chunk but the last. */
export const sealedChunkBytes = 65_536;

type Chunk = { readonly index: number; readonly last: boolean };

function nonceOf({ index, last }: Chunk): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeUInt32BE(index, 7);
  nonce.writeUInt8(last ? 1 : 0, 11);
  return nonce;
}

function contentKey(key: DataKey, salt: Buffer, bound: string): Buffer {
  return Buffer.from(hkdfSync('sha256', key.secret, salt, `faultline sealed stream 1\0${key.id}\0${bound}`, 32));
}

function sealChunk(plain: Buffer, secret: Buffer, chunk: Chunk): Buffer {
  const cipher = createCipheriv('aes-256-gcm', secret, nonceOf(chunk));
  return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

function openChunk(sealed: Buffer, secret: Buffer, chunk: Chunk): Buffer {
  try {
    const text = sealed.length - tagBytes;
    const decipher = createDecipheriv('aes-256-gcm', secret, nonceOf(chunk), { authTagLength: tagBytes });
    decipher.setAuthTag(sealed.subarray(text));
    return Buffer.concat([decipher.update(sealed.subarray(0, text)), decipher.final()]);
  } catch (cause) {
    throw new SealBroken('Sealed content does not open: it was changed or cut off, or belongs to another blob', {
      cause,
    });
  }
}

/**
 * The content sealed under the key and bound to a name (the id of its blob), other bytes each time. Holds one chunk
 * at a time; up to 256 TiB.
 */
export async function* sealStream(
  plain: AsyncIterable<Uint8Array>,
  key: DataKey,
  bound: string,
): AsyncGenerator<Buffer> {
  const salt = randomBytes(saltBytes);
  const secret = contentKey(key, salt, bound);
  const id = Buffer.from(key.id);
  yield Buffer.concat([magic, Buffer.from([id.length]), id, salt]);
  const reader = new ByteReader(plain);
  try {
    for (let index = 0, last = false; !last; index += 1) {
      const bytes = await reader.read(sealedChunkBytes);
      last = await reader.atEnd();
      yield sealChunk(bytes, secret, { index, last });
    }
  } finally {
    await reader.close();
  }
}

/**
 * The content in clear text; each chunk is authentic when it is yielded, and the whole only once the sequence has ended. Throws
 * KeyDestroyed where the key is no more, and SealBroken where the content was changed, cut off or bound to another name.
 */
export async function* openStream(
  sealed: AsyncIterable<Uint8Array>,
  keys: Pick<KeyStore, 'key' | 'prepare'>,
  bound: string,
): AsyncGenerator<Buffer> {
  const reader = new ByteReader(sealed);
  try {
    const secret = await openHeader(reader, keys, bound);
    for (let index = 0, last = false; !last; index += 1) {
      const bytes = await reader.read(sealedChunkBytes + tagBytes);
      last = await reader.atEnd();
      yield openChunk(bytes, secret, { index, last });
    }
  } finally {
    await reader.close();
  }
}

async function openHeader(reader: ByteReader, keys: Pick<KeyStore, 'key' | 'prepare'>, bound: string): Promise<Buffer> {
  const start = await reader.read(magic.length + 1);
  if (start.length <= magic.length || !start.subarray(0, magic.length).equals(magic)) {
    throw new SealBroken('This is no sealed content');
  }
  const idBytes = start.readUInt8(magic.length);
  const rest = await reader.read(idBytes + saltBytes);
  if (rest.length < idBytes + saltBytes) throw new SealBroken('Sealed content is cut off in its header');
  const id = rest.toString('utf8', 0, idBytes);
  await keys.prepare([id]);
  const key = keys.key(id);
  if (!key) throw new KeyDestroyed(id);
  return contentKey(key, rest.subarray(idBytes), bound);
}
