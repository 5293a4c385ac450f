import { type AnyBulkWriteOperation, type Collection, type Db, MongoClient } from 'mongodb';
import { describeWithMongoDb, freshDatabase } from '../../../../test/support/mongodb-server';
import { type WriteOperation } from '../read-store.port';
import { writeGuarded } from './guarded-writer';
import { collectionOf, type Stored } from './stored';

const at = (position: number): string => String(position).padStart(20, '0');
const put = (id: string, position: number): WriteOperation => ({
  kind: 'put',
  document: { _id: id, position: at(position) },
});
const tombstone = (id: string, position: number): Stored => ({
  _id: id,
  position: at(position),
  _buriedAt: at(position),
});

type Bulk = Collection<Stored>['bulkWrite'];

describeWithMongoDb('Guarded writes that lose a race in MongoDB', (url) => {
  let client: MongoClient;
  let things: Collection<Stored>;
  let drop: () => Promise<void>;

  beforeEach(() => {
    const database = freshDatabase(url());
    client = new MongoClient(database.url);
    things = collectionOf(client.db(), 'things');
    drop = database.drop;
  });

  afterEach(async () => {
    await client.close();
    await drop();
  });

  /** A database of which `bulkWrite` is another one at its first call. */
  const databaseWith = (first: Bulk): Db => {
    let calls = 0;
    const bulkWrite: Bulk = (...args) => ((calls += 1) === 1 ? first(...args) : things.bulkWrite(...args));
    const collection = new Proxy(things, {
      get: (target, name) => {
        const value: unknown = name === 'bulkWrite' ? bulkWrite : Reflect.get(target, name);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
    return { collection: () => collection } as unknown as Db;
  };

  /** What an upsert does whose search found nothing, because the document of another one was not there yet: it inserts. */
  const afterSearchInVain = (operations: readonly AnyBulkWriteOperation<Stored>[]) =>
    things.bulkWrite(
      operations.flatMap((one) =>
        'replaceOne' in one ? [{ insertOne: { document: one.replaceOne.replacement as Stored } }] : [],
      ),
      { ordered: false },
    );

  const stored = () => things.find({}, { sort: { _id: 1 } }).toArray();

  it('still win over an older document that was inserted first, and lose to a newer one', async () => {
    const database = databaseWith(async (operations) => {
      await things.insertMany([
        { _id: 'a', position: at(1) },
        { _id: 'b', position: at(9) },
        { _id: 'c', position: at(5) },
      ]);
      return afterSearchInVain(operations);
    });
    await writeGuarded(database, 'things', ['d', 'c', 'b', 'a'].map((id) => put(id, 5))); // prettier-ignore
    expect(await stored()).toEqual(
      [['a', 5], ['b', 9], ['c', 5], ['d', 5]].map(([_id, position]) => ({ _id, position: at(Number(position)) })), // prettier-ignore
    );
  });

  it('are tried again if what they clashed with was a tombstone that is cleared away meanwhile', async () => {
    const database = databaseWith(async (operations) => {
      await things.insertMany([tombstone('a', 2), { _id: 'b', position: at(9) }]);
      try {
        return await afterSearchInVain(operations);
      } finally {
        await things.deleteOne({ _id: 'a' });
      }
    });
    await writeGuarded(database, 'things', [put('a', 5), put('b', 5)]);
    expect(await stored()).toEqual([
      { _id: 'a', position: at(5) },
      { _id: 'b', position: at(9) },
    ]);
  });

  it('hand on every other failure', async () => {
    const failure = new Error('anything else');
    const database = databaseWith(() => Promise.reject(failure));
    await expect(writeGuarded(database, 'things', [put('a', 5)])).rejects.toBe(failure);
  });
});
