import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { type BlobEntry, type BlobStore } from '@faultline/blob-store';
import fc from 'fast-check';
import { heldBytes } from '../support/memory';

/** A store of its own for one test; `reopen` closes it and opens the same blobs again. */
export type BlobStoreUnderTest = {
  readonly store: BlobStore;
  readonly reopen: () => Promise<BlobStore>;
  /** Changes a byte of a stored blob behind the store's back. */
  readonly damage: (id: string) => Promise<void>;
  /** Everything that the store occupies beside whole blobs: what aborted puts left. */
  readonly leftovers: () => Promise<number>;
  readonly dispose: () => Promise<void>;
};

export const infoOf = (content: Buffer) => ({
  bytes: content.length,
  digest: createHash('sha256').update(content).digest('hex'),
});

export async function collect(content: AsyncIterable<unknown> | undefined): Promise<Buffer> {
  if (!content) throw new Error('There is no such blob');
  const chunks: Buffer[] = [];
  for await (const chunk of content) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Content in pieces of some size. */
export async function* pieces(content: Buffer, size = 50_000): AsyncGenerator<Buffer> {
  for (let at = 0; at < content.length; at += size) yield content.subarray(at, at + size);
}

/** What every blob store promises. */
export function describeBlobStore(name: string, factory: () => Promise<BlobStoreUnderTest>): void {
  describe(`BlobStore: ${name}`, () => {
    let under: BlobStoreUnderTest;
    let store: BlobStore;

    beforeEach(async () => {
      under = await factory();
      store = under.store;
    });

    afterEach(() => under.dispose());

    const listed = async () => {
      const entries: BlobEntry[] = [];
      for await (const entry of store.list()) entries.push(entry);
      return entries;
    };

    it('gives back what was put, with its length and digest, also after it was opened anew', async () => {
      const content = randomBytes(700_000);
      expect(await store.put('a-1', pieces(content))).toEqual(infoOf(content));
      for (const round of ['as it is', 'opened anew']) {
        expect([round, await store.stat('a-1')]).toEqual([round, infoOf(content)]);
        expect((await collect(await store.get('a-1'))).equals(content)).toBe(true);
        store = await under.reopen();
      }
    });

    it('takes content of any length, in pieces of any size', async () => {
      let count = 0;
      const length = fc.oneof(fc.constantFrom(0, 1, 255 * 1_024, 2 * 255 * 1_024, 65_536), fc.nat(600_000));
      await fc.assert(
        fc.asyncProperty(length, fc.constantFrom(999, 65_536, 1_000_000), async (bytes, size) => {
          const content = randomBytes(bytes);
          count += 1;
          expect(await store.put(`blob-${count}`, pieces(content, size))).toEqual(infoOf(content));
          expect((await collect(await store.get(`blob-${count}`))).equals(content)).toBe(true);
        }),
        { numRuns: 15 },
      );
    });

    it('knows nothing of what was never put', async () => {
      expect(await store.get('none')).toBeUndefined();
      expect(await store.stat('none')).toBeUndefined();
      await store.delete('none');
      expect(await listed()).toEqual([]);
    });

    it('lists every blob once, by id', async () => {
      const contents = new Map(['b', 'a', 'c.txt', 'a-1', '0'].map((id) => [id, Buffer.from(`this is ${id}`)]));
      for (const [id, content] of contents) await store.put(id, pieces(content));
      await store.delete('b');
      const expected = ['0', 'a', 'a-1', 'c.txt'].map((id) => ({ id, ...infoOf(contents.get(id)!) }));
      expect(await listed()).toEqual(expected);
    });

    it('forgets what is deleted, and takes the id again', async () => {
      await store.put('a', pieces(Buffer.from('first')));
      await store.delete('a');
      await store.delete('a');
      expect(await store.get('a')).toBeUndefined();
      store = await under.reopen();
      expect(await store.stat('a')).toBeUndefined();
      await store.put('a', pieces(Buffer.from('second')));
      expect((await collect(await store.get('a'))).toString()).toBe('second');
      expect(await under.leftovers()).toBe(0);
    });

    it('never changes a blob: the same content again is no error, another is refused', async () => {
      const content = randomBytes(300_000);
      await store.put('a', pieces(content));
      expect(await store.put('a', pieces(content, 1_000))).toEqual(infoOf(content));
      for (const wrong of [Buffer.concat([content, Buffer.alloc(1)]), content.subarray(1), Buffer.alloc(0)]) {
        await expect(store.put('a', pieces(wrong))).rejects.toMatchObject({ name: 'BlobExists', id: 'a' });
      }
      expect((await collect(await store.get('a'))).equals(content)).toBe(true);
      expect(await listed()).toEqual([{ id: 'a', ...infoOf(content) }]);
      expect(await under.leftovers()).toBe(0);
    });

    it('keeps one of many that are put under one id at once, whole', async () => {
      const contents = Array.from({ length: 6 }, () => randomBytes(300_000));
      const outcomes = await Promise.allSettled(contents.map((content) => store.put('a', pieces(content))));
      const kept = outcomes.findIndex(({ status }) => status === 'fulfilled');
      expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', ...Array<string>(5).fill('rejected')]);
      for (const outcome of outcomes) {
        if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ name: 'BlobExists' });
      }
      expect((await collect(await store.get('a'))).equals(contents[kept]!)).toBe(true);
      expect(await under.leftovers()).toBe(0);
    });

    it('takes the same content from many at once', async () => {
      const content = randomBytes(300_000);
      const infos = await Promise.all([1, 2, 3, 4].map(() => store.put('a', pieces(content))));
      expect(infos).toEqual(infos.map(() => infoOf(content)));
      expect((await collect(await store.get('a'))).equals(content)).toBe(true);
      expect(await under.leftovers()).toBe(0);
    });

    it('leaves nothing of a stream that fails, and throws its error', async () => {
      const failing = (async function* () {
        yield* pieces(randomBytes(600_000));
        throw new Error('the sender is gone');
      })();
      await expect(store.put('a', failing)).rejects.toThrow('the sender is gone');
      const cut = new Readable({ read: () => undefined });
      cut.push(randomBytes(400_000));
      const putting = store.put('b', cut);
      cut.destroy();
      await expect(putting).rejects.toThrow(/[Pp]remature/);
      for (const id of ['a', 'b']) {
        expect(await store.get(id)).toBeUndefined();
        expect(await store.stat(id)).toBeUndefined();
      }
      expect(await listed()).toEqual([]);
      expect(await under.leftovers()).toBe(0);
      await store.put('a', pieces(Buffer.from('whole')));
      expect((await collect(await store.get('a'))).toString()).toBe('whole');
    });

    it('holds a little of a blob at a time, whatever its length', async () => {
      const megabyte = 1_048_576;
      const before = heldBytes();
      let most = 0;
      const content = (async function* () {
        for (let index = 0; index < 64; index += 1) {
          yield Buffer.alloc(megabyte, index);
          if (index % 4 === 3) most = Math.max(most, heldBytes() - before);
        }
      })();
      expect(await store.put('large', content)).toMatchObject({ bytes: 64 * megabyte });
      let count = 0;
      for await (const chunk of (await store.get('large'))!) {
        count += 1;
        expect((chunk as Buffer).length).toBeLessThanOrEqual(megabyte);
        if (count % 50 === 0) most = Math.max(most, heldBytes() - before);
      }
      // Far less than the whole: when the collector is through with a buffer is its own affair.
      expect(most).toBeLessThan(32 * megabyte);
    });

    it('gives up reading at once where the reader does', async () => {
      await store.put('a', pieces(randomBytes(3_000_000)));
      const content = await store.get('a');
      for await (const chunk of content!) {
        expect((chunk as Buffer).length).toBeGreaterThan(0);
        break;
      }
      expect(content!.destroyed).toBe(true);
      expect((await collect(await store.get('a'))).length).toBe(3_000_000);
    });

    it('does not pass off a damaged blob as the one that was put', async () => {
      await store.put('a', pieces(randomBytes(600_000)));
      await under.damage('a');
      await expect(collect(await store.get('a'))).rejects.toMatchObject({ name: 'BlobDamaged', id: 'a' });
    });

    it.each(['', '.', '..', '../a', 'a/b', 'A', 'ä', 'a b', '.a', 'a\0', 'a'.repeat(129)])(
      'refuses %j as an id',
      async (id) => {
        const refused = { name: 'InvalidBlobId' };
        await expect(store.put(id, pieces(Buffer.from('a')))).rejects.toMatchObject(refused);
        await expect(store.get(id)).rejects.toMatchObject(refused);
        await expect(store.stat(id)).rejects.toMatchObject(refused);
        await expect(store.delete(id)).rejects.toMatchObject(refused);
      },
    );

    it('takes ids as long as the port says', async () => {
      const id = 'a'.repeat(128);
      await store.put(id, pieces(Buffer.from('long')));
      expect((await collect(await store.get(id))).toString()).toBe('long');
    });
  });
}
