import { inspect } from 'node:util';
import { type KeyStore, type KeyWrapper, openMongoKeyStore } from '@faultline/key-store';
import { MongoClient } from 'mongodb';
import { describeWithMongoDb, freshDatabase } from '../support/mongodb-server';
import { relayToMongoDb } from '../support/relay';
import { until } from '../support/until';
import { describeKeyStore } from './key-store.contract';

const masterKey = 'a-master-key-that-somebody-has-chosen';

describeWithMongoDb('KeyStore on MongoDB', (server) => {
  describeKeyStore('mongodb', async () => {
    const database = freshDatabase(server());
    const opened: KeyStore[] = [];
    const another = async () => {
      const store = await openMongoKeyStore({ url: database.url, masterKey });
      opened.push(store);
      return store;
    };
    const store = await another();
    const reopen = async () => {
      await opened.shift()?.close();
      return another();
    };
    const other = freshDatabase(server());
    const elsewhere = async () => {
      const moved = await openMongoKeyStore({ url: other.url, masterKey: 'a-master-key-of-the-other-side' });
      opened.push(moved);
      return moved;
    };
    const dispose = async () => {
      for (const each of opened) await each.close();
      await database.drop();
      await other.drop();
    };
    return { store, reopen, another, elsewhere, dispose };
  });

  describe('keys in MongoDB', () => {
    let database: ReturnType<typeof freshDatabase>;
    let opened: KeyStore[];
    let relay: Awaited<ReturnType<typeof relayToMongoDb>> | undefined;

    beforeEach(() => {
      database = freshDatabase(server());
      opened = [];
      relay = undefined;
    });

    afterEach(async () => {
      relay?.cut();
      for (const store of opened) await store.close();
      await relay?.close();
      await database.drop();
    });

    const open = async (more: Partial<Parameters<typeof openMongoKeyStore>[0]> = {}) => {
      const store = await openMongoKeyStore({ url: database.url, masterKey, ...more });
      opened.push(store);
      return store;
    };

    const documents = async () => {
      const client = new MongoClient(server());
      const all = await client.db(database.name).collection('keys').find().toArray();
      await client.close();
      return all;
    };

    it('gives many processes that start at once the same secret', async () => {
      const stores = await Promise.all(Array.from({ length: 8 }, () => open()));
      const secrets = new Set(stores.map(({ installationSecret }) => installationSecret.toString('hex')));
      expect(secrets.size).toBe(1);
    });

    it('makes one key for a subject that several processes ask for at once, time and again', async () => {
      const stores = await Promise.all([open(), open(), open()]);
      for (let round = 0; round < 30; round += 1) {
        const subjects = [`person-${round}`, 'person-0', `guest-${round}`];
        const answers = await Promise.all(stores.map((store) => store.ensureKeys(subjects)));
        expect(answers[1]).toEqual(answers[0]);
        expect(answers[2]).toEqual(answers[0]);
      }
      expect((await documents()).filter(({ kind }) => kind === 'key')).toHaveLength(60);
    });

    it('makes one next key where several processes do after a destruction', async () => {
      const [one, two] = [await open(), await open()];
      const old = (await one.ensureKeys(['ann'])).get('ann')!;
      await two.ensureKeys(['ann']);
      await one.destroyKeys('ann');
      await until(() => two.key(old.id) === undefined);
      const [first, second] = await Promise.all([one.ensureKeys(['ann']), two.ensureKeys(['ann'])]);
      expect(first.get('ann')).toEqual(second.get('ann'));
      expect(first.get('ann')!.id).not.toBe(old.id);
    });

    it('drops what others have destroyed though nobody asks', async () => {
      const [one, two] = [await open(), await open()];
      const key = (await one.ensureKeys(['ann'])).get('ann')!;
      await two.prepare([key.id]);
      expect(two.key(key.id)).toEqual(key);
      await one.destroyKeys('ann');
      await until(() => two.key(key.id) === undefined);
    });

    it('lets whoever repeats a destruction make sure that others see it', async () => {
      const [one, two] = [await open(), await open()];
      const key = (await one.ensureKeys(['ann'])).get('ann')!;
      await two.prepare([key.id]);
      const client = new MongoClient(server());
      // As far as a process came that died in it.
      await client
        .db(database.name)
        .collection<{ _id: string }>('keys')
        .replaceOne({ _id: key.id }, { kind: 'destroyed' });
      await client.close();
      expect(await one.destroyKeys('ann')).toEqual([]);
      await until(() => two.key(key.id) === undefined);
    });

    it('holds no key in the clear, and of a destroyed one nothing but its id', async () => {
      const store = await open();
      const key = (await store.ensureKeys(['ann'])).get('ann')!;
      const before = JSON.stringify(await documents());
      expect(before).not.toContain(key.secret.toString('base64'));
      expect(before).not.toContain(store.installationSecret.toString('base64'));
      await store.destroyKeys('ann');
      expect((await documents()).find(({ _id }) => String(_id) === key.id)).toEqual({ _id: key.id, kind: 'destroyed' });
    });

    it('opens with the master key that it was made with, and with no other, and never without one', async () => {
      const key = (await (await open()).ensureKeys(['ann'])).get('ann')!;
      await expect(open({ masterKey: `${masterKey}!` })).rejects.toMatchObject({ name: 'KeyStoreUnusable' });
      for (const none of [undefined, '']) {
        await expect(open({ masterKey: none })).rejects.toMatchObject({
          name: 'KeyStoreUnusable',
          message: expect.stringContaining('FAULTLINE_MASTER_KEY'),
        });
      }
      expect((await (await open()).ensureKeys(['ann'])).get('ann')).toEqual(key);
    });

    it('makes no new secret beside keys that have lost theirs', async () => {
      await (await open()).ensureKeys(['ann']);
      const client = new MongoClient(server());
      await client.db(database.name).collection<{ _id: string }>('keys').deleteOne({ _id: 'installation' });
      await client.close();
      await expect(open()).rejects.toMatchObject({ name: 'KeyStoreUnusable' });
    });

    it('wraps by whatever wrapper it is given', async () => {
      const wrapped: string[] = [];
      const wrapper: KeyWrapper = {
        wrap: async (secret, id) => {
          wrapped.push(id);
          return Buffer.from(secret).reverse().toString('hex');
        },
        unwrap: async (text) => Buffer.from(text, 'hex').reverse(),
      };
      const one = await open({ masterKey: undefined, wrapper });
      const key = (await one.ensureKeys(['ann'])).get('ann')!;
      expect(wrapped).toEqual(['installation', key.id]);
      const two = await open({ masterKey: undefined, wrapper });
      expect((await two.ensureKeys(['ann'])).get('ann')).toEqual(key);
    });

    it('goes on with the keys in memory while the server is away, says so where one is not, and is back by itself', async () => {
      relay = await relayToMongoDb(database.url);
      const near = await open({ url: relay.url });
      const known = (await near.ensureKeys(['ann'])).get('ann')!;
      const unknown = (await (await open()).ensureKeys(['bo'])).get('bo')!;
      relay.cut();
      await near.prepare([known.id]);
      expect(near.key(known.id)).toEqual(known);
      expect((await near.ensureKeys(['ann'])).get('ann')).toEqual(known);
      const away = { name: 'StoreUnavailable' };
      await expect(near.prepare([known.id, unknown.id])).rejects.toMatchObject(away);
      await expect(near.ensureKeys(['ann', 'cy'])).rejects.toMatchObject(away);
      await expect(near.destroyKeys('ann')).rejects.toMatchObject(away);
      relay.mend();
      await until(() =>
        near.prepare([unknown.id]).then(
          () => true,
          () => false,
        ),
      );
      expect(near.key(unknown.id)).toEqual(unknown);
    });

    it('does not hang on a server that accepts everything and answers nothing', async () => {
      relay = await relayToMongoDb(database.url);
      const near = await open({ url: `${relay.url}&socketTimeoutMS=500` });
      relay.stall();
      await expect(near.ensureKeys(['ann'])).rejects.toMatchObject({ name: 'StoreUnavailable', problem: 'away' });
    });

    it('tells a server that is not there, or a URL that is none, without the password', async () => {
      const urls = [
        'mongodb://user:open-sesame@127.0.0.1:1/keys?serverSelectionTimeoutMS=200',
        'mongodb://user:open-sesame@',
        'http://user:open-sesame@127.0.0.1/keys',
      ];
      for (const url of urls) {
        const error: unknown = await open({ url }).catch((reason: unknown) => reason);
        expect(error).toMatchObject({ name: 'StoreUnavailable' });
        expect(inspect(error, { depth: 10 })).not.toContain('sesame');
      }
    });
  });
});
