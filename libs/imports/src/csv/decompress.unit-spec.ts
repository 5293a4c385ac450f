import { gzipSync } from 'node:zlib';
import { type ContentEncoding, plainBytes } from './decompress';
import { inPieces } from '../../../../test/support/import-rows';

const text = Array.from({ length: 2000 }, (_, index) => `row ${index},${index * 7919}\n`).join('');
const packed = gzipSync(text);

async function unpack(bytes: Uint8Array, encoding: ContentEncoding = null, size = 1000): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of plainBytes(inPieces(bytes, [size]), encoding)) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

describe('unpacking what was uploaded', () => {
  it('hands on plain bytes', async () => {
    expect(await unpack(Buffer.from(text))).toBe(text);
  });

  it('tells gzip by its first bytes, even if they come one by one', async () => {
    expect(await unpack(packed)).toBe(text);
    expect(await unpack(packed, null, 1)).toBe(text);
  });

  it('unpacks by content encoding, and a gzip file sent with one twice', async () => {
    expect(await unpack(packed, 'gzip')).toBe(text);
    expect(await unpack(gzipSync(packed), 'gzip')).toBe(text);
  });

  it('unpacks several members', async () => {
    expect(await unpack(Buffer.concat([gzipSync('a\n'), gzipSync('b\n')]))).toBe('a\nb\n');
  });

  it('answers nothing for no bytes', async () => {
    expect(await unpack(Buffer.alloc(0))).toBe('');
    expect(await unpack(Buffer.from('x'))).toBe('x');
  });

  it.each([2, 3, 9, 10, 11, 100, packed.length >> 1, packed.length - 9, packed.length - 8, packed.length - 1])(
    'refuses a gzip file that ends after %i bytes',
    async (length) => {
      await expect(unpack(packed.subarray(0, length))).rejects.toMatchObject({ code: 'import.truncated' });
    },
  );

  it('refuses what is said to be gzip and is not', async () => {
    await expect(unpack(Buffer.from(text), 'gzip')).rejects.toMatchObject({ code: 'import.not-gzip' });
  });

  it('refuses gzip whose checksum or data is wrong', async () => {
    for (const place of [packed.length - 6, packed.length >> 1]) {
      const damaged = Buffer.from(packed);
      damaged.writeUInt8(damaged.readUInt8(place) ^ 0xff, place);
      await expect(unpack(damaged)).rejects.toMatchObject({
        code: expect.stringMatching(/^import\.(damaged|truncated)$/),
      });
    }
  });

  it('fails with the error of the upload itself, if that fails', async () => {
    async function* aborted() {
      yield* inPieces(packed.subarray(0, 500), [500]);
      throw new Error('the client went away');
    }
    const unpacked = async () => {
      for await (const piece of plainBytes(aborted(), null)) expect(piece).toBeDefined();
    };
    await expect(unpacked()).rejects.toThrow('the client went away');
  });
});
