import { type LmdbReadStore, openLmdbReadStore } from '@faultline/read-store';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeReadStore } from './read-store.contract';

describeReadStore('LMDB', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'faultline-read-store-'));
  const opened: LmdbReadStore[] = [];
  const another = async () => {
    const store = await openLmdbReadStore({ directory });
    opened.push(store);
    return store;
  };
  const store = await another();
  const dispose = async () => {
    for (const one of opened) await one.close();
    await rm(directory, { recursive: true, force: true });
  };
  return { store, another, dispose };
});
