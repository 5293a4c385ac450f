import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type BlobStore, openFileBlobStore, SealedBlobs } from '@faultline/blob-store';
import { openFileKeyStore } from '@faultline/key-store';
import { temporaryDirectory } from '../support/temporary';
import { collect, describeBlobStore, infoOf, pieces } from './blob-store.contract';

/** Every file below `blobs`, by its path. */
async function filesBelow(directory: string): Promise<string[]> {
  const entries = await readdir(join(directory, 'blobs'), { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

async function flipByte(path: string): Promise<void> {
  const file = await open(path, 'r+');
  const byte = Buffer.alloc(1);
  await file.read(byte, 0, 1, 100);
  byte.writeUInt8(byte.readUInt8() ^ 1);
  await file.write(byte, 0, 1, 100);
  await file.close();
}

describeBlobStore('file', async () => {
  const { path: directory, remove } = await temporaryDirectory();
  let newest: BlobStore = await openFileBlobStore({ directory });
  return {
    store: newest,
    reopen: async () => {
      await newest.close();
      newest = await openFileBlobStore({ directory });
      return newest;
    },
    damage: async (id) => {
      const path = (await filesBelow(directory)).find((file) => file.endsWith(`/${id}`));
      await flipByte(path!);
    },
    leftovers: async () => (await filesBelow(directory)).filter((file) => file.includes('/incoming/')).length,
    dispose: async () => {
      await newest.close();
      await remove();
    },
  };
});

describe('a blob store in files', () => {
  let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
  let store: BlobStore;

  beforeEach(async () => {
    directory = await temporaryDirectory();
    store = await openFileBlobStore({ directory: directory.path });
  });

  afterEach(async () => {
    await store.close();
    await directory.remove();
  });

  it('is for its owner alone, and spreads its files over folders', async () => {
    for (let index = 0; index < 20; index += 1) await store.put(`blob-${index}`, pieces(Buffer.from('x')));
    const files = await filesBelow(directory.path);
    expect(files).toHaveLength(20);
    expect(new Set(files.map((file) => file.split('/').at(-2))).size).toBeGreaterThan(5);
    for (const file of files) {
      expect((await stat(file)).mode & 0o777).toBe(0o600);
      expect((await stat(join(file, '..'))).mode & 0o777).toBe(0o700);
    }
  });

  it('takes away at its opening what a crash has left half written, and nothing else', async () => {
    await store.put('whole', pieces(Buffer.from('whole')));
    await writeFile(join(directory.path, 'blobs', 'incoming', 'half'), 'hal');
    store = await openFileBlobStore({ directory: directory.path });
    expect(await filesBelow(directory.path)).toHaveLength(1);
    expect((await collect(await store.get('whole'))).toString()).toBe('whole');
  });

  it('says that a file of which the end is missing is damaged', async () => {
    await store.put('a', pieces(randomBytes(1_000)));
    const [path] = await filesBelow(directory.path);
    for (const length of [1_031, 40, 32, 31, 0]) {
      await writeFile(path!, (await readFile(path!)).subarray(0, length));
      await expect(collect(await store.get('a'))).rejects.toMatchObject({ name: 'BlobDamaged' });
    }
  });

  it('goes on reading a blob that is deleted meanwhile', async () => {
    const content = randomBytes(500_000);
    await store.put('a', pieces(content));
    const reading = await store.get('a');
    await store.delete('a');
    expect((await collect(reading)).equals(content)).toBe(true);
  });

  it('says that it is unavailable where it cannot write or read', async () => {
    await store.put('a', pieces(Buffer.from('a')));
    const [path] = await filesBelow(directory.path);
    await directory.remove();
    await expect(store.put('b', pieces(Buffer.from('b')))).rejects.toMatchObject({ name: 'StoreUnavailable' });
    await mkdir(path!, { recursive: true });
    await expect(store.stat('a')).rejects.toMatchObject({ name: 'StoreUnavailable' });
    await writeFile(join(directory.path, 'file'), '');
    await expect(openFileBlobStore({ directory: join(directory.path, 'file') })).rejects.toMatchObject({
      name: 'StoreUnavailable',
    });
  });

  it('holds nothing in the clear that was sealed, and gives it back only as it was', async () => {
    const keys = await openFileKeyStore({ directory: directory.path });
    const key = (await keys.ensureKeys(['ann'])).get('ann')!;
    const sealed = new SealedBlobs(store, keys);
    const content = Buffer.from('what nobody is to read '.repeat(10_000));
    const info = await sealed.put('letter', pieces(content), key);
    expect(info.clear).toEqual(infoOf(content));
    expect(info.stored).toEqual(await store.stat('letter'));
    const [path] = (await filesBelow(directory.path)).filter((file) => file.endsWith('/letter'));
    expect((await readFile(path!)).includes('nobody')).toBe(false);
    expect((await collect(await sealed.get('letter'))).equals(content)).toBe(true);
    expect(await sealed.get('none')).toBeUndefined();

    await store.put('copy', (await store.get('letter'))!);
    await expect(collect(await sealed.get('copy'))).rejects.toMatchObject({ name: 'SealBroken' });
    await keys.destroyKeys('ann');
    await expect(collect(await sealed.get('letter'))).rejects.toMatchObject({ name: 'KeyDestroyed', key: key.id });
    await keys.close();
  });
});
