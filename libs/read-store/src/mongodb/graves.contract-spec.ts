import { MongoClient } from 'mongodb';
import { describeWithMongoDb, freshDatabase } from '../../../../test/support/mongodb-server';
import { type MongoDbReadStore, openMongoDbReadStore } from './mongodb-read-store';

const at = (position: number): string => String(position).padStart(20, '0');
const remove = (id: string, position: number) => ({ kind: 'delete', id, position: at(position) }) as const;

describeWithMongoDb('Tombstones in MongoDB', (url) => {
  let client: MongoClient;
  let opened: MongoDbReadStore[];
  let drop: () => Promise<void>;
  let open: () => Promise<MongoDbReadStore>;

  beforeEach(() => {
    const database = freshDatabase(url());
    client = new MongoClient(database.url);
    opened = [];
    drop = database.drop;
    open = async () => {
      const store = await openMongoDbReadStore({ url: database.url });
      opened.push(store);
      return store;
    };
  });

  afterEach(async () => {
    for (const store of [client, ...opened]) await store.close();
    await drop();
  });

  const buried = async () => (await client.db().collection('models.things').find().toArray()).map(({ _id }) => String(_id)); // prettier-ignore
  const checkpoint = (store: MongoDbReadStore, position: number) =>
    store.writeCheckpoint('p', { position: at(position), epoch: 1, owner: 'x' }, ['things']);

  it('stay until the checkpoint has passed them, and are then cleared away', async () => {
    const store = await open();
    await store.ensureCollection({ name: 'things', indexes: [] });
    await store.write('things', [remove('a', 3), remove('b', 6)]);
    await checkpoint(store, 2);
    expect(await buried()).toEqual(['a', 'b']);
    await checkpoint(store, 3);
    expect(await buried()).toEqual(['b']);
    await checkpoint(store, 7);
    expect(await buried()).toEqual([]);
    await store.write('things', [remove('c', 8)]);
    await checkpoint(store, 8);
    expect(await buried()).toEqual([]);
  });

  it('of a process that is gone are cleared away by the next one', async () => {
    const [gone, next] = [await open(), await open()];
    await gone.ensureCollection({ name: 'things', indexes: [] });
    await gone.write('things', [remove('a', 3)]);
    await checkpoint(next, 5);
    expect(await buried()).toEqual([]);
  });

  it('are those of deleted documents alone: one that is back stays', async () => {
    const store = await open();
    await store.ensureCollection({ name: 'things', indexes: [] });
    await store.write('things', [remove('a', 3)]);
    await store.write('things', [{ kind: 'put', document: { _id: 'a', position: at(4) } }]);
    await checkpoint(store, 9);
    expect(await store.get('things', 'a')).toEqual({ _id: 'a', position: at(4) });
  });
});
