import { randomBytes } from 'node:crypto';
import { type BlobStore, openMongoBlobStore, SealedBlobs } from '@faultline/blob-store';
import { openMongoKeyStore } from '@faultline/key-store';
import { Binary, type Db, GridFSBucket, MongoClient, ObjectId } from 'mongodb';
import { describeWithMongoDb, freshDatabase } from '../support/mongodb-server';
import { relayToMongoDb } from '../support/relay';
import { until } from '../support/until';
import { collect, describeBlobStore, infoOf, pieces } from './blob-store.contract';

type ChunkDocument = { readonly _id: ObjectId; readonly data: Binary };

/** What lies in the bucket and in the list of what is pending beside the files of whole blobs. */
async function leftoversIn(db: Db): Promise<number> {
  const files = (await db.collection('blobs').find().toArray()).map(({ file }) => file as ObjectId);
  const pending = await db.collection('blobs.pending').countDocuments();
  const strangers = await db.collection('blobs.files').countDocuments({ _id: { $nin: files } });
  return pending + strangers + (await db.collection('blobs.chunks').countDocuments({ files_id: { $nin: files } }));
}

async function damageIn(db: Db, id: string): Promise<void> {
  const blob = await db.collection('blobs').findOne({ _id: id as never });
  const chunks = db.collection<ChunkDocument>('blobs.chunks');
  const chunk = await chunks.findOne({ files_id: blob!['file'], n: 1 });
  const data = Buffer.from(chunk!.data.buffer);
  data.writeUInt8(data.readUInt8(100) ^ 1, 100);
  await chunks.updateOne({ _id: chunk!._id }, { $set: { data: new Binary(data) } });
}

describeWithMongoDb('BlobStore on MongoDB', (server) => {
  describeBlobStore('mongodb', async () => {
    const database = freshDatabase(server());
    const client = new MongoClient(server());
    const db = client.db(database.name);
    let newest: BlobStore = await openMongoBlobStore({ url: database.url });
    return {
      store: newest,
      reopen: async () => {
        await newest.close();
        newest = await openMongoBlobStore({ url: database.url });
        return newest;
      },
      damage: (id) => damageIn(db, id),
      leftovers: () => leftoversIn(db),
      dispose: async () => {
        await newest.close();
        await client.close();
        await database.drop();
      },
    };
  });

  describe('blobs in MongoDB', () => {
    let database: ReturnType<typeof freshDatabase>;
    let client: MongoClient;
    let db: Db;
    let store: BlobStore;
    let relay: Awaited<ReturnType<typeof relayToMongoDb>> | undefined;

    beforeEach(async () => {
      relay = undefined;
      database = freshDatabase(server());
      client = new MongoClient(server());
      db = client.db(database.name);
      store = await openMongoBlobStore({ url: database.url });
    });

    afterEach(async () => {
      await relay?.close();
      await store.close();
      await client.close();
      await database.drop();
    });

    it('can be read by whoever knows GridFS', async () => {
      const content = randomBytes(600_000);
      await store.put('report.pdf', pieces(content));
      const bucket = new GridFSBucket(db, { bucketName: 'blobs' });
      expect((await collect(bucket.openDownloadStreamByName('report.pdf'))).equals(content)).toBe(true);
    });

    it('keeps one blob of those that several processes put under one id at once', async () => {
      const other = await openMongoBlobStore({ url: database.url });
      for (let round = 0; round < 10; round += 1) {
        const contents = [randomBytes(400_000), randomBytes(400_000)];
        const id = `blob-${round}`;
        const outcomes = await Promise.allSettled(
          [store, other].map((each, at) => each.put(id, pieces(contents[at]!))),
        );
        const kept = outcomes.findIndex(({ status }) => status === 'fulfilled');
        expect(outcomes[1 - kept]).toMatchObject({ status: 'rejected', reason: { name: 'BlobExists' } });
        expect((await collect(await other.get(id))).equals(contents[kept]!)).toBe(true);
      }
      expect(await leftoversIn(db)).toBe(0);
      await other.close();
    });

    it('says that a blob of which a chunk is missing is damaged', async () => {
      await store.put('a', pieces(randomBytes(600_000)));
      await db.collection('blobs.chunks').deleteOne({ n: 1 });
      await expect(collect(await store.get('a'))).rejects.toMatchObject({ name: 'BlobDamaged' });
    });

    it('takes away at its opening what a process that died a day ago has left, and nothing else', async () => {
      const content = randomBytes(300_000);
      await store.put('whole', pieces(content));
      const whole = (await db.collection('blobs').findOne({ _id: 'whole' as never }))!['file'] as ObjectId;
      const [old, fresh] = [new ObjectId(), new ObjectId()];
      const since = new Date(Date.now() - 2 * 86_400_000);
      await db.collection('blobs.pending').insertMany([
        { _id: old, blob: 'half', since },
        { _id: whole, blob: 'whole', since },
        { _id: fresh, blob: 'under-way', since: new Date() },
      ]);
      for (const file of [old, fresh]) {
        await db.collection('blobs.chunks').insertOne({ files_id: file, n: 0, data: new Binary(Buffer.from('half')) });
      }
      await (await openMongoBlobStore({ url: database.url })).close();
      const left = await db.collection('blobs.pending').find().toArray();
      expect(left.map(({ _id }) => _id)).toEqual([fresh]);
      expect(await db.collection('blobs.chunks').countDocuments({ files_id: old })).toBe(0);
      expect(await db.collection('blobs.chunks').countDocuments({ files_id: fresh })).toBe(1);
      expect((await collect(await store.get('whole'))).equals(content)).toBe(true);
    });

    it('lists more blobs than one answer holds', async () => {
      const { _id, ...like } = { _id: '', file: new ObjectId(), ...infoOf(Buffer.from('x')) };
      const ids = Array.from({ length: 2_345 }, (_, index) => `blob-${String(index).padStart(5, '0')}`);
      await db.collection('blobs').insertMany(ids.map((id) => ({ ...like, _id: id as never })));
      const listed: string[] = [];
      for await (const { id } of store.list()) listed.push(id);
      expect(listed).toEqual(ids);
    });

    it('holds nothing in the clear that was sealed', async () => {
      const keys = await openMongoKeyStore({ url: database.url, masterKey: 'a-master-key-for-this-test-alone' });
      const sealed = new SealedBlobs(store, keys);
      const content = Buffer.from('what nobody is to read '.repeat(30_000));
      await sealed.put('letter', pieces(content), (await keys.ensureKeys(['ann'])).get('ann')!);
      expect((await collect(await store.get('letter'))).includes('nobody')).toBe(false);
      expect((await collect(await sealed.get('letter'))).equals(content)).toBe(true);
      await keys.close();
    });

    it('says that it is unavailable where the server goes away in the middle, and is whole afterwards', async () => {
      const between = await relayToMongoDb(database.url);
      relay = between;
      const near = await openMongoBlobStore({ url: relay.url });
      const content = randomBytes(900_000);
      const cutting = (async function* () {
        yield content.subarray(0, 600_000);
        between.cut();
        yield content.subarray(600_000);
      })();
      const away = { name: 'StoreUnavailable' };
      await expect(near.put('a', cutting)).rejects.toMatchObject(away);
      await expect(near.get('a')).rejects.toMatchObject(away);
      await expect(near.list()[Symbol.asyncIterator]().next()).rejects.toMatchObject(away);
      expect(await store.stat('a')).toBeUndefined();
      between.mend();
      await until(() =>
        near.put('a', pieces(content)).then(
          () => true,
          () => false,
        ),
      );
      const reading = (await near.get('a'))!;
      between.cut();
      await expect(collect(reading)).rejects.toMatchObject(away);
      expect((await collect(await store.get('a'))).equals(content)).toBe(true);
      await near.close();
    });

    it('says that it is unavailable where nothing answers', async () => {
      const url = 'mongodb://127.0.0.1:1/blobs?serverSelectionTimeoutMS=200';
      await expect(openMongoBlobStore({ url })).rejects.toMatchObject({ name: 'StoreUnavailable' });
    });
  });
});
