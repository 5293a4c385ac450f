import { appendFile, readFile, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { type KeyStore, openFileKeyStore } from '@faultline/key-store';
import { temporaryDirectory } from '../support/temporary';
import { describeKeyStore } from './key-store.contract';

describeKeyStore('file', async () => {
  const { path, remove } = await temporaryDirectory();
  let newest: KeyStore = await openFileKeyStore({ directory: path });
  const store = newest;
  const reopen = async () => {
    await newest.close();
    newest = await openFileKeyStore({ directory: path });
    return newest;
  };
  const others: Awaited<ReturnType<typeof temporaryDirectory>>[] = [];
  const elsewhere = async () => {
    const other = await temporaryDirectory();
    others.push(other);
    return openFileKeyStore({ directory: other.path });
  };
  const dispose = async () => {
    await newest.close();
    await remove();
    for (const other of others) await other.remove();
  };
  const another = () => openFileKeyStore({ directory: path, readOnly: true });
  return { store, reopen, another, elsewhere, dispose };
});

describe('a key store in a file', () => {
  let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
  let file: string;

  beforeEach(async () => {
    directory = await temporaryDirectory();
    file = join(directory.path, 'keys', 'keys.ndjson');
  });

  afterEach(() => directory.remove());

  const open = (more: { masterKey?: string; readOnly?: boolean } = {}) =>
    openFileKeyStore({ directory: directory.path, ...more });

  it('is for its owner alone, and holds no key in the clear', async () => {
    const store = await open();
    const key = (await store.ensureKeys(['ann'])).get('ann');
    for (const path of [file, join(directory.path, 'keys', 'master.key')]) {
      expect((await stat(path)).mode & 0o777).toBe(0o600);
    }
    const text = await readFile(file, 'utf8');
    expect(text).not.toContain(key?.secret.toString('base64'));
    expect(text).not.toContain(store.installationSecret.toString('base64'));
  });

  it('opens with the master key that it was made with, and with no other', async () => {
    const masterKey = 'a-master-key-that-somebody-has-chosen';
    const key = (await (await open({ masterKey })).ensureKeys(['ann'])).get('ann');
    await expect(open({ masterKey: `${masterKey}!` })).rejects.toMatchObject({ name: 'KeyStoreUnusable' });
    await expect(open()).rejects.toMatchObject({ name: 'KeyStoreUnusable' });
    expect((await open({ masterKey })).key(key?.id ?? '')).toEqual(key);
  });

  it('makes no master key for whoever only reads', async () => {
    const masterKey = 'a-master-key-that-somebody-has-chosen';
    await open({ masterKey });
    await expect(open({ readOnly: true })).rejects.toMatchObject({ name: 'KeyStoreUnusable' });
    await expect(stat(join(directory.path, 'keys', 'master.key'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('refuses a master key of which a part is missing', async () => {
    await open();
    await truncate(join(directory.path, 'keys', 'master.key'), 20);
    await expect(open()).rejects.toMatchObject({ name: 'KeyStoreUnusable' });
  });

  it('takes no notice of a last line that a crash has cut off, and goes on behind the one before', async () => {
    const store = await open();
    const ann = (await store.ensureKeys(['ann'])).get('ann');
    await appendFile(file, '{"kind":"key","id":"torn');
    const again = await open();
    expect((await again.ensureKeys(['ann'])).get('ann')).toEqual(ann);
    const bo = (await again.ensureKeys(['bo'])).get('bo');
    expect((await open()).key(bo?.id ?? '')).toEqual(bo);
  });

  it('shows a reader in another thread the keys that its writer makes and destroys', async () => {
    const writer = await open();
    const reader = await open({ readOnly: true });
    const key = (await writer.ensureKeys(['ann'])).get('ann');
    expect(reader.key(key?.id ?? '')).toEqual(key);
    await writer.destroyKeys('ann');
    await reader.prepare([]);
    expect(reader.key(key?.id ?? '')).toBeUndefined();
    expect(await readFile(file, 'utf8')).not.toContain('"ann"');
    expect((await open({ readOnly: true })).key(key?.id ?? '')).toBeUndefined();
  });
});
