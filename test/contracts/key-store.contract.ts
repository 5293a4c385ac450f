import { type KeyRecord, type KeyStore, openField, sealField } from '@faultline/key-store';
import { type Json } from '@faultline/kernel';
import fc from 'fast-check';
import { until } from '../support/until';

/** A store of its own for one test; `reopen` closes it and opens the same keys again. */
export type KeyStoreUnderTest = {
  readonly store: KeyStore;
  readonly reopen: () => Promise<KeyStore>;
  /** The same keys as another process or thread sees them. */
  readonly another: () => Promise<KeyStore>;
  /** A fresh store that shares nothing with this one, under another master key. */
  readonly elsewhere: () => Promise<KeyStore>;
  readonly dispose: () => Promise<void>;
};

/** What every key store promises. */
export function describeKeyStore(name: string, factory: () => Promise<KeyStoreUnderTest>): void {
  describe(`KeyStore: ${name}`, () => {
    let under: KeyStoreUnderTest;
    let store: KeyStore;

    beforeEach(async () => {
      under = await factory();
      store = under.store;
    });

    afterEach(() => under.dispose());

    const keyOf = async (subject: string) => {
      const key = (await store.ensureKeys([subject])).get(subject);
      if (!key) throw new Error('ensureKeys answered no key');
      return key;
    };

    it('makes a key for each subject, and answers the same one from then on', async () => {
      const made = await store.ensureKeys(['ann', 'bo', 'ann']);
      expect([...made.keys()].sort()).toEqual(['ann', 'bo']);
      expect(made.get('ann')?.secret).toHaveLength(32);
      expect(made.get('ann')?.secret.equals(made.get('bo')?.secret ?? Buffer.alloc(0))).toBe(false);
      expect(await keyOf('ann')).toEqual(made.get('ann'));
      expect(store.key(made.get('bo')?.id ?? '')).toEqual(made.get('bo'));
      expect(await store.ensureKeys([])).toEqual(new Map());
    });

    it('makes one key where many ask for it at once', async () => {
      const keys = await Promise.all(Array.from({ length: 20 }, () => keyOf('ann')));
      expect(new Set(keys.map(({ id }) => id)).size).toBe(1);
    });

    it('has every key again after it was opened anew, and the same secret of the installation', async () => {
      const key = await keyOf('ann');
      const { installationSecret } = store;
      expect(installationSecret).toHaveLength(32);
      store = await under.reopen();
      expect(await keyOf('ann')).toEqual(key);
      expect(store.installationSecret.equals(installationSecret)).toBe(true);
    });

    it('destroys the keys of a subject for ever, and those of no other', async () => {
      const key = await keyOf('ann');
      const other = await keyOf('bo');
      expect(await store.destroyKeys('ann')).toEqual([key.id]);
      expect(store.key(key.id)).toBeUndefined();
      expect(await store.destroyKeys('ann')).toEqual([]);
      store = await under.reopen();
      await store.prepare([key.id, other.id]);
      expect(store.key(key.id)).toBeUndefined();
      expect(store.key(other.id)).toEqual(other);
      const next = await keyOf('ann');
      expect(next.id).not.toBe(key.id);
    });

    it('knows nothing of keys that never were', async () => {
      await store.prepare(['none']);
      expect(store.key('none')).toBeUndefined();
    });

    it('prepares, for whoever else has the same keys, those made since it was opened', async () => {
      const other = await under.another();
      expect(other.installationSecret.equals(store.installationSecret)).toBe(true);
      const made = [await keyOf('ann'), await keyOf('bo')];
      await other.prepare(made.map(({ id }) => id));
      expect(made.map(({ id }) => other.key(id))).toEqual(made);
    });

    it('makes others open no longer what it has destroyed, and leaves them the rest', async () => {
      const other = await under.another();
      const [ann, bo] = [await keyOf('ann'), await keyOf('bo')];
      await other.prepare([ann.id, bo.id]);
      const sealed = sealField('a secret', ann);
      expect(openField(sealed, other)).toBe('a secret');
      await store.destroyKeys('ann');
      // The second file is longer than the first: what follows must not be taken for what comes behind the lines known.
      const more = await store.ensureKeys(Array.from({ length: 20 }, (_, index) => `person-${index}`));
      await until(async () => {
        await other.prepare([ann.id]);
        return other.key(ann.id) === undefined;
      });
      expect(openField(sealed, other)).toBeNull();
      expect(other.key(bo.id)).toEqual(bo);
      await other.prepare([...more.values()].map(({ id }) => id));
      for (const key of more.values()) expect(other.key(key.id)).toEqual(key);
    });

    it('leaves a key in hand as it was when it is destroyed, lest something be sealed under zeros', async () => {
      const key = await keyOf('ann');
      const before = Buffer.from(key.secret);
      await store.destroyKeys('ann');
      expect(key.secret.equals(before)).toBe(true);
    });

    it('opens what was sealed, as it was, until the key is destroyed', async () => {
      const key = await keyOf('ann');
      fc.assert(
        fc.property(fc.jsonValue(), (value) => {
          const plain = JSON.parse(JSON.stringify(value)) as Json;
          const sealed = sealField(plain, key);
          expect(sealed.sealed).not.toContain(JSON.stringify(plain).slice(0, 40));
          expect(openField(sealed, store)).toEqual(plain);
        }),
      );
      const sealed = sealField('a secret', key);
      await store.destroyKeys('ann');
      expect(openField(sealed, store)).toBeNull();
    });

    it('notices when sealed text was changed, or put under another key', async () => {
      const [ann, bo] = [await keyOf('ann'), await keyOf('bo')];
      const sealed = sealField('a secret', ann);
      const bytes = Buffer.from(sealed.sealed, 'base64');
      bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
      expect(() => openField({ ...sealed, sealed: bytes.toString('base64') }, store)).toThrow(/does not open/);
      expect(() => openField({ ...sealed, key: bo.id }, store)).toThrow(/does not open/);
    });

    describe('that is moved to another one', () => {
      const recordsOf = async (moved: KeyStore): Promise<KeyRecord[]> => {
        const records: KeyRecord[] = [];
        for await (const record of moved.exportKeys()) records.push(record);
        return records;
      };
      const byId = (records: readonly KeyRecord[]) =>
        new Map(records.map((record) => [record.kind === 'installation' ? '' : record.id, record]));
      const given = async function* (records: readonly KeyRecord[]): AsyncGenerator<KeyRecord> {
        await Promise.resolve();
        yield* records;
      };

      it('has the same keys there, under the same ids, and the same secret of the installation', async () => {
        const keys = await store.ensureKeys(Array.from({ length: 1_100 }, (_, index) => `person-${index}`));
        const gone = await keyOf('bo');
        await store.destroyKeys('bo');
        const other = await under.elsewhere();
        expect(other.installationSecret.equals(store.installationSecret)).toBe(false);
        await other.importKeys(store.exportKeys());
        expect(byId(await recordsOf(other))).toEqual(byId(await recordsOf(store)));
        expect(await other.ensureKeys([...keys.keys()])).toEqual(keys);
        await other.prepare([gone.id]);
        expect(other.key(gone.id)).toBeUndefined();
        expect(other.installationSecret.equals(store.installationSecret)).toBe(true);
        expect((await other.ensureKeys(['bo'])).get('bo')?.id).not.toBe(gone.id);
      });

      it('keeps what it took in when it is opened anew, and shows it to others', async () => {
        const other = await under.elsewhere();
        const key = (await other.ensureKeys(['ann'])).get('ann')!;
        await store.importKeys(other.exportKeys());
        const third = await under.another();
        await third.prepare([key.id]);
        expect(third.key(key.id)).toEqual(key);
        store = await under.reopen();
        expect(await keyOf('ann')).toEqual(key);
        expect(store.installationSecret.equals(other.installationSecret)).toBe(true);
        await store.destroyKeys('ann');
        expect(store.key(key.id)).toBeUndefined();
      });

      it('may be moved again, with what has been made since', async () => {
        await keyOf('ann');
        const other = await under.elsewhere();
        await other.importKeys(store.exportKeys());
        await keyOf('bo');
        await other.importKeys(store.exportKeys());
        await other.importKeys(store.exportKeys());
        expect(byId(await recordsOf(other))).toEqual(byId(await recordsOf(store)));
      });

      it('leaves destroyed what is destroyed on either side', async () => {
        const [ann, bo] = [await keyOf('ann'), await keyOf('bo')];
        const other = await under.elsewhere();
        await other.importKeys(store.exportKeys());
        await other.destroyKeys('bo');
        await store.destroyKeys('ann');
        await other.importKeys(store.exportKeys());
        await other.prepare([ann.id, bo.id]);
        expect(other.key(ann.id)).toBeUndefined();
        expect(other.key(bo.id)).toBeUndefined();
        expect((await other.ensureKeys(['ann'])).get('ann')?.id).not.toBe(ann.id);
      });

      it('is not mixed with the keys of another installation', async () => {
        await keyOf('ann');
        const other = await under.elsewhere();
        await other.ensureKeys(['bo']);
        const before = byId(await recordsOf(other));
        await expect(other.importKeys(store.exportKeys())).rejects.toMatchObject({
          name: 'KeyConflict',
          key: undefined,
        });
        expect(byId(await recordsOf(other))).toEqual(before);
      });

      it('never puts another key, or another owner, under an id that is taken', async () => {
        const { id, secret } = await keyOf('ann');
        const records: KeyRecord[] = [
          { kind: 'key', id, subject: 'ann', secret: Buffer.alloc(32, 7) },
          { kind: 'key', id, subject: 'bo', secret },
        ];
        for (const record of records) {
          await expect(store.importKeys(given([record]))).rejects.toMatchObject({ name: 'KeyConflict', key: id });
        }
        expect(await keyOf('ann')).toEqual({ id, secret });
      });
    });
  });
}
