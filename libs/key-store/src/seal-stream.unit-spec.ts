import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { type DataKey } from './key-store.port';
import { openStream, sealedChunkBytes, sealStream } from './seal-stream';

const key: DataKey = { id: 'key-1', secret: randomBytes(32) };
const other: DataKey = { id: 'key-2', secret: randomBytes(32) };
const byId = new Map([key, other].map((one) => [one.id, one]));
const keys = { key: (id: string) => byId.get(id), prepare: () => Promise.resolve() };

const headerBytes = 4 + 1 + key.id.length + 32;
const sealedChunk = sealedChunkBytes + 16;

async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function collect(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}

const seal = (plain: Buffer, { size = 10_000, bound = 'blob-1' } = {}) =>
  collect(sealStream(pieces(plain, size), key, bound));
const open = (sealed: Buffer, { size = 10_000, bound = 'blob-1' } = {}) =>
  collect(openStream(pieces(sealed, size), keys, bound));

/** Lengths around the ends of chunks, and some between. */
const length = fc.oneof(
  fc.constantFrom(0, 1, sealedChunkBytes - 1, sealedChunkBytes, sealedChunkBytes + 1, 3 * sealedChunkBytes),
  fc.nat(4 * sealedChunkBytes),
);
const size = fc.constantFrom(1_000, sealedChunkBytes - 7, sealedChunkBytes, 1_000_000);

describe('a sealed stream', () => {
  it('opens to what it was, however it arrives in pieces, and tells nothing but its length', async () => {
    await fc.assert(
      fc.asyncProperty(length, size, size, async (bytes, one, another) => {
        const plain = randomBytes(bytes);
        const sealed = await seal(plain, { size: one });
        expect(sealed).toHaveLength(headerBytes + bytes + 16 * Math.max(1, Math.ceil(bytes / sealedChunkBytes)));
        expect((await open(sealed, { size: another })).equals(plain)).toBe(true);
        if (bytes >= 16) expect(sealed.includes(plain.subarray(0, 16))).toBe(false);
      }),
      { numRuns: 40 },
    );
  });

  it('is sealed anew each time', async () => {
    const plain = Buffer.from('the same');
    expect((await seal(plain)).equals(await seal(plain))).toBe(false);
  });

  it('does not open where it was cut off anywhere', async () => {
    const sealed = await seal(randomBytes(2 * sealedChunkBytes + 100));
    const ends = [0, 3, 4, 10, headerBytes - 1, headerBytes, headerBytes + 15, headerBytes + sealedChunk];
    for (const end of [...ends, headerBytes + 2 * sealedChunk, sealed.length - 1]) {
      await expect(open(sealed.subarray(0, end))).rejects.toMatchObject({ name: 'SealBroken' });
    }
    await fc.assert(
      fc.asyncProperty(fc.nat(sealed.length - 1), async (end) => {
        await expect(open(sealed.subarray(0, end))).rejects.toMatchObject({ name: 'SealBroken' });
      }),
      { numRuns: 40 },
    );
  });

  it('does not open where anything follows it', async () => {
    for (const bytes of [10, sealedChunkBytes]) {
      const sealed = await seal(randomBytes(bytes));
      for (const more of [Buffer.alloc(1), sealed.subarray(headerBytes)]) {
        await expect(open(Buffer.concat([sealed, more]))).rejects.toMatchObject({ name: 'SealBroken' });
      }
    }
  });

  it('does not open where chunks were put in another order, repeated or left out', async () => {
    const sealed = await seal(randomBytes(4 * sealedChunkBytes));
    const header = sealed.subarray(0, headerBytes);
    const chunks = [0, 1, 2, 3].map((index) => {
      const start = headerBytes + index * sealedChunk;
      return sealed.subarray(start, start + sealedChunk);
    });
    const whole = (order: readonly number[]) => Buffer.concat([header, ...order.map((index) => chunks[index]!)]);
    expect(whole([0, 1, 2, 3]).equals(sealed)).toBe(true);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(3), { minLength: 1, maxLength: 6 }), async (order) => {
        fc.pre(order.join() !== '0,1,2,3');
        await expect(open(whole(order))).rejects.toMatchObject({ name: 'SealBroken' });
      }),
      { numRuns: 60 },
    );
  });

  it('does not open where a single bit of it was flipped', async () => {
    const sealed = await seal(randomBytes(sealedChunkBytes + 50));
    const flip = async (at: number, bit: number) => {
      const changed = Buffer.from(sealed);
      changed[at]! ^= 1 << bit;
      // In the id of the key it names a key that there is none of.
      await expect(open(changed)).rejects.toMatchObject({ name: expect.stringMatching(/^(SealBroken|KeyDestroyed)$/) });
    };
    for (let at = 0; at < headerBytes; at += 1) await flip(at, at % 8);
    await fc.assert(fc.asyncProperty(fc.nat(sealed.length - 1), fc.nat(7), flip), { numRuns: 60 });
  });

  it('does not open as another blob, nor with chunks of another one, nor under another key', async () => {
    const [one, two] = [await seal(randomBytes(2 * sealedChunkBytes)), await seal(randomBytes(2 * sealedChunkBytes))];
    await expect(open(one, { bound: 'blob-2' })).rejects.toMatchObject({ name: 'SealBroken' });
    const mixed = Buffer.concat([one.subarray(0, headerBytes + sealedChunk), two.subarray(headerBytes + sealedChunk)]);
    await expect(open(mixed)).rejects.toMatchObject({ name: 'SealBroken' });
    const renamed = Buffer.from(one);
    renamed.write('key-2', 5);
    await expect(open(renamed)).rejects.toMatchObject({ name: 'SealBroken' });
  });

  it('tells a destroyed key from broken content', async () => {
    const sealed = await seal(Buffer.from('gone'));
    const opened = openStream(pieces(sealed, 100), { ...keys, key: () => undefined }, 'blob-1');
    await expect(collect(opened)).rejects.toMatchObject({ name: 'KeyDestroyed', key: 'key-1' });
  });

  it('prepares the key before it asks for it', async () => {
    const prepared = new Set<string>();
    const distant = {
      prepare: async (ids: readonly string[]) => {
        for (const id of ids) prepared.add(id);
      },
      key: (id: string) => (prepared.has(id) ? byId.get(id) : undefined),
    };
    const sealed = await seal(Buffer.from('far'));
    expect((await collect(openStream(pieces(sealed, 100), distant, 'blob-1'))).toString()).toBe('far');
  });

  it('holds a few chunks at a time, whatever the length', async () => {
    let given = 0;
    const plain = (async function* () {
      for (let index = 0; index < 64; index += 1) {
        given += 1;
        yield Buffer.alloc(sealedChunkBytes, index);
      }
    })();
    let taken = 0;
    for await (const chunk of openStream(sealStream(plain, key, 'blob-1'), keys, 'blob-1')) {
      expect(chunk.equals(Buffer.alloc(sealedChunkBytes, taken))).toBe(true);
      taken += 1;
      expect(given - taken).toBeLessThanOrEqual(3);
    }
    expect(taken).toBe(64);
  });

  it('passes on the error of its source, and lets go of a source that is not read to its end', async () => {
    let closed = false;
    const failing = (async function* () {
      yield Buffer.alloc(10);
      throw new Error('the sender is gone');
    })();
    await expect(collect(sealStream(failing, key, 'blob-1'))).rejects.toThrow('the sender is gone');
    const endless = (async function* () {
      try {
        for (;;) yield Buffer.alloc(sealedChunkBytes);
      } finally {
        closed = true;
      }
    })();
    for await (const chunk of sealStream(endless, key, 'blob-1')) if (chunk.length > sealedChunkBytes) break;
    expect(closed).toBe(true);
  });
});
