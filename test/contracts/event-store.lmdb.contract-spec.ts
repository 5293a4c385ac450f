import { mkdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type EventStore, followLmdbEventStore, openLmdbEventStore } from '@faultline/event-store';
import { temporaryDirectory } from '../support/temporary';
import { all, describeEventStore, eventOf } from './event-store.contract';

describeEventStore('LMDB', async () => {
  const { path, remove } = await temporaryDirectory();
  const store = await openLmdbEventStore({ directory: path });
  let newest: EventStore = store;
  const reopen = async () => {
    await newest.close();
    newest = await openLmdbEventStore({ directory: path });
    return newest;
  };
  const dispose = async () => {
    await newest.close();
    await remove();
  };
  return { store, reopen, dispose };
});

describe('an LMDB event store in its directory', () => {
  let directory: Awaited<ReturnType<typeof temporaryDirectory>>;

  beforeEach(async () => {
    directory = await temporaryDirectory();
  });

  afterEach(() => directory.remove());

  const open = () => openLmdbEventStore({ directory: directory.path });

  it('refuses a second writer while the first one lives, and lets it in afterwards', async () => {
    const first = await open();
    await expect(open()).rejects.toMatchObject({ name: 'StoreUnusable', problem: 'in-use' });
    await first.append('s-1', 'no-stream', [eventOf()]);
    await first.close();
    const second = await open();
    expect(await all(second.readAll())).toHaveLength(1);
    await second.close();
  });

  it('shows a follower what the writer has made durable, and takes nothing from it', async () => {
    const writer = await open();
    const follower = await followLmdbEventStore({ directory: directory.path });
    await writer.append('s-1', 'no-stream', [eventOf({ n: 1 })]);
    const stop = new AbortController();
    for await (const { events } of follower.subscribe({ signal: stop.signal })) {
      expect(events.length).toBeLessThanOrEqual(1);
      if (events.length === 1) stop.abort();
    }
    await expect(follower.append('s-1', 0, [eventOf()])).rejects.toMatchObject({ problem: 'not-writable' });
    await follower.close();
    await writer.close();
  });

  it.each([
    ['cut off', async (file: string) => truncate(file, 50_000)],
    ['of another kind', async (file: string) => writeFile(file, 'This is no database.'.repeat(1_000))],
  ])('refuses a file that is %s, and leaves it as it is', async (_what, damage) => {
    const store = await open();
    for (let n = 0; n < 40; n += 1) await store.append(`s-${n}`, 'no-stream', [eventOf({ text: 'x'.repeat(9_000) })]);
    await store.close();
    const file = join(directory.path, 'events', 'data.mdb');
    await damage(file);
    const damaged = await readFile(file);
    await expect(open()).rejects.toMatchObject({ name: 'StoreUnusable', problem: 'damaged' });
    expect((await readFile(file)).equals(damaged)).toBe(true);
  });

  it('refuses a directory that is none', async () => {
    await mkdir(directory.path, { recursive: true });
    await writeFile(join(directory.path, 'events'), 'in the way');
    await expect(open()).rejects.toMatchObject({ name: 'StoreUnusable', problem: 'not-writable' });
  });
});
