import {
  FencedOff,
  type Filter,
  type IndexSpec,
  type ReadDocument,
  type ReadStore,
  type Sort,
  versionedName,
  type WriteOperation,
} from '@faultline/read-store';
import fc from 'fast-check';
import { arbitraryQueries, cursorValue, type Deviations } from './read-store.arbitraries';
import { groupsOf, select, sortedGroups } from './read-store.reference';

/** A store of its own for one test; `another` opens the same data once more, as another process or thread would. */
export type ReadStoreUnderTest = {
  readonly store: ReadStore;
  readonly another: () => Promise<ReadStore>;
  /** Closes what was opened and removes the data. */
  readonly dispose: () => Promise<void>;
};

type Fields = Readonly<Record<string, unknown>>;
type Doc = ReadDocument & Fields;

const at = (position: number): string => String(position).padStart(20, '0');
const doc = (id: string, fields: Fields = {}, position = 1): Doc => ({ _id: id, position: at(position), ...fields });
const put = (document: ReadDocument): WriteOperation => ({ kind: 'put', document });
const remove = (id: string, position: number): WriteOperation => ({ kind: 'delete', id, position: at(position) });
const ids = (documents: readonly ReadDocument[]): string[] => documents.map(({ _id }) => _id);
const valueAt = (document: Fields, path: string): unknown =>
  path.split('.').reduce<unknown>((value, key) => (value as Fields | undefined)?.[key], document);

/** What every read store promises, by MongoDB's semantics. */
export function describeReadStore(
  name: string,
  factory: () => Promise<ReadStoreUnderTest>,
  deviations: Deviations = {},
): void {
  describe(`ReadStore: ${name}`, () => {
    let under: ReadStoreUnderTest;
    let store: ReadStore;

    beforeEach(async () => {
      under = await factory();
      store = under.store;
    });

    afterEach(async () => {
      await under.dispose();
    });

    const fill = async (documents: readonly ReadDocument[], indexes: readonly IndexSpec[] = []) => {
      await store.ensureCollection({ name: 'things', indexes });
      await store.write('things', documents.map(put));
    };
    const found = async (filter: Filter, sort?: Sort) => ids(await store.find('things', { filter, sort }));

    describe('documents', () => {
      it('gives back what was put, with dates, null, nested and empty values', async () => {
        const full = doc('a', {
          text: 'ä 😀 "quoted"',
          number: -1.5,
          big: 2 ** 52,
          yes: true,
          none: null,
          when: new Date('2026-01-02T03:04:05.678Z'),
          list: [1, 'two', null, { three: [3] }],
          nested: { deep: { deeper: 'x' }, empty: {}, nothing: [] },
        });
        await fill([full]);
        expect(await store.get('things', 'a')).toEqual(full);
      });

      it('knows nothing of a missing document or collection', async () => {
        await store.ensureCollection({ name: 'things', indexes: [] });
        expect(await store.get('things', 'a')).toBeUndefined();
        expect(await store.get('nowhere', 'a')).toBeUndefined();
        expect(await store.getMany('nowhere', ['a'])).toEqual([]);
        expect(await store.find('nowhere', { filter: { a: 1 } })).toEqual([]);
        expect(await store.count('nowhere')).toBe(0);
        expect(await store.group('nowhere', { by: ['a'], sums: { n: 1 } })).toEqual([]);
      });

      it('gets many: those that exist, each once', async () => {
        await fill([doc('a'), doc('b'), doc('c')]);
        const many = await store.getMany('things', ['c', 'x', 'a', 'a']);
        expect(ids(many).sort()).toEqual(['a', 'c']);
        expect(await store.getMany('things', [])).toEqual([]);
      });

      it('replaces the whole document', async () => {
        await fill([doc('a', { old: 1, kept: 1 }, 1)]);
        await store.write('things', [put(doc('a', { kept: 2 }, 2))]);
        expect(await store.get('things', 'a')).toEqual(doc('a', { kept: 2 }, 2));
        expect(await found({ old: 1 })).toEqual([]);
      });

      it('writes a batch of a thousand, and none', async () => {
        await fill(
          Array.from({ length: 1_000 }, (_, index) => doc(`d${index}`, { n: index })),
          [[['n', 1]]],
        );
        await store.write('things', []);
        expect(await store.count('things')).toBe(1_000);
        expect(await store.count('things', { n: { $gte: 500 } })).toBe(500);
      });

      it('shows to others what was written as soon as the write has resolved', async () => {
        const other = await under.another();
        await fill([doc('a', { n: 1 })]);
        expect(await other.get('things', 'a')).toEqual(doc('a', { n: 1 }));
        await store.write('things', [put(doc('a', { n: 2 }, 2))]);
        expect(await other.find('things', { filter: { n: 2 } })).toEqual([doc('a', { n: 2 }, 2)]);
        await other.write('things', [put(doc('a', { n: 3 }, 3))]);
        expect(await store.get('things', 'a')).toEqual(doc('a', { n: 3 }, 3));
      });
    });

    describe('guarded writes', () => {
      it('leaves alone a document at or beyond the position', async () => {
        await fill([doc('a', { n: 5 }, 5)]);
        await store.write('things', [put(doc('a', { n: 4 }, 4))]);
        await store.write('things', [put(doc('a', { n: 50 }, 5))]);
        await store.write('things', [remove('a', 5)]);
        expect(await store.get('things', 'a')).toEqual(doc('a', { n: 5 }, 5));
        expect(await found({ n: { $gt: 0 } })).toEqual(['a']);
      });

      it('guards each document of a batch by itself', async () => {
        await fill([doc('a', { n: 5 }, 5), doc('b', { n: 5 }, 5)]);
        await store.write('things', [
          put(doc('a', { n: 4 }, 4)),
          put(doc('b', { n: 6 }, 6)),
          put(doc('c', { n: 1 }, 1)),
        ]);
        expect(await store.find('things')).toEqual([
          doc('a', { n: 5 }, 5),
          doc('b', { n: 6 }, 6),
          doc('c', { n: 1 }, 1),
        ]);
      });

      it('does not raise the dead: a late redelivery of what came before a delete', async () => {
        await fill([doc('a', {}, 1)]);
        await store.write('things', [remove('a', 3)]);
        await store.write('things', [put(doc('a', {}, 2))]);
        await store.write('things', [put(doc('a', {}, 3))]);
        expect(await store.get('things', 'a')).toBeUndefined();
        expect(await store.find('things')).toEqual([]);
        expect(await store.count('things')).toBe(0);
        await store.write('things', [put(doc('a', { back: true }, 4))]);
        expect(await store.get('things', 'a')).toEqual(doc('a', { back: true }, 4));
      });

      it('remembers a delete that came before its document', async () => {
        await store.ensureCollection({ name: 'things', indexes: [] });
        await store.write('things', [remove('a', 3)]);
        await store.write('things', [remove('a', 2)]);
        await store.write('things', [put(doc('a', {}, 3))]);
        expect(await store.find('things', { filter: { position: { $gt: '' } } })).toEqual([]);
        expect(await store.getMany('things', ['a'])).toEqual([]);
        expect(await store.group('things', { by: [], sums: { n: 1 } })).toEqual([]);
      });

      it('keeps the tombstone until the checkpoint has passed it, of the collections named', async () => {
        await store.ensureCollection({ name: 'others', indexes: [] });
        await fill([]);
        await store.write('things', [remove('a', 3), remove('b', 9)]);
        await store.write('others', [remove('a', 3)]);
        await store.writeCheckpoint('p', { position: at(2), epoch: 1, owner: 'x' }, ['things']);
        await store.write('things', [put(doc('a', {}, 2))]);
        expect(await store.find('things')).toEqual([]);
        await store.writeCheckpoint('p', { position: at(5), epoch: 1, owner: 'x' }, ['things']);
        await store.write('things', [put(doc('b', {}, 8))]);
        await store.write('others', [put(doc('a', {}, 2))]);
        expect(await store.find('things')).toEqual([]);
        expect(await store.find('others')).toEqual([]);
      });

      it('comes to the same end in whatever order and how often operations are delivered, to several writers', async () => {
        const operation = fc.record({
          id: fc.constantFrom('a', 'b', 'c'),
          position: fc.integer({ min: 1, max: 9 }),
          dead: fc.boolean(),
        });
        const other = await under.another();
        let round = 0;
        await fc.assert(
          fc.asyncProperty(fc.array(operation, { maxLength: 24 }), async (drawn) => {
            const collection = `race${(round += 1)}`;
            await store.ensureCollection({ name: collection, indexes: [[['n', 1]]] });
            const dead = new Map(drawn.map((one) => [`${one.id}${one.position}`, one.dead]));
            const operations = drawn.map(({ id, position }) =>
              dead.get(`${id}${position}`) ? remove(id, position) : put(doc(id, { n: position }, position)),
            );
            await Promise.all(operations.map((one, index) => (index % 2 ? store : other).write(collection, [one])));
            const latest = ['a', 'b', 'c'].flatMap((id) => {
              const position = Math.max(0, ...drawn.filter((one) => one.id === id).map((one) => one.position));
              return position === 0 || dead.get(`${id}${position}`) ? [] : [doc(id, { n: position }, position)];
            });
            expect(await store.find(collection)).toEqual(latest);
            expect(await other.count(collection, { n: { $gt: 0 } })).toBe(latest.length);
            await store.dropCollection(collection);
          }),
          { numRuns: 40 },
        );
      });

      it('let the highest position win of batches that several writers send at once, deletes too', async () => {
        const writers = [store, await under.another(), await under.another(), await under.another()];
        const all = Array.from({ length: 25 }, (_, index) => `d${index}`);
        for (let round = 0; round < 12; round += 1) {
          const collection = `rounds${round}`;
          await store.ensureCollection({ name: collection, indexes: [[['n', 1]]] });
          const batchOf = (writer: number): WriteOperation[] =>
            all.map((id, index) => {
              const position = 1 + ((writer + index + round) % writers.length);
              return position === 2 || (position === 4 && index % 5 === 0)
                ? remove(id, position)
                : put(doc(id, { n: position }, position));
            });
          await Promise.all(
            writers.map(async (one, writer) => {
              const batch = batchOf(writer);
              await one.write(collection, writer % 2 ? batch.reverse() : batch);
            }),
          );
          const latest = all.filter((_, index) => index % 5 !== 0).map((id) => doc(id, { n: 4 }, 4));
          expect(await store.find(collection)).toEqual(select(latest, {}, []));
        }
      });
    });

    describe('checkpoints', () => {
      it('are absent at first, then what was written last', async () => {
        expect(await store.readCheckpoint('p')).toBeUndefined();
        await store.writeCheckpoint('p', { position: at(1), epoch: 1, owner: 'x' });
        await store.writeCheckpoint('p', { position: at(2), epoch: 1, owner: 'x' });
        await store.writeCheckpoint('q', { position: at(9), epoch: 7, owner: 'y' });
        expect(await store.readCheckpoint('p')).toEqual({ position: at(2), epoch: 1, owner: 'x' });
      });

      it('are refused for a lower epoch, and nothing is changed', async () => {
        await store.writeCheckpoint('p', { position: at(5), epoch: 2, owner: 'new' });
        const late = store.writeCheckpoint('p', { position: at(9), epoch: 1, owner: 'old' });
        await expect(late).rejects.toThrow(FencedOff);
        await expect(late).rejects.toMatchObject({ projection: 'p', epoch: 1, current: 2 });
        expect(await store.readCheckpoint('p')).toEqual({ position: at(5), epoch: 2, owner: 'new' });
      });

      it('race: the highest epoch wins, in whatever order they arrive', async () => {
        const other = await under.another();
        const epochs = [3, 1, 5, 2, 4];
        await Promise.allSettled(
          epochs.map((epoch, index) =>
            (index % 2 ? store : other).writeCheckpoint('p', { position: at(epoch), epoch, owner: `o${epoch}` }),
          ),
        );
        expect(await store.readCheckpoint('p')).toEqual({ position: at(5), epoch: 5, owner: 'o5' });
      });
    });

    describe('leases', () => {
      const forMs = 100;

      it('belong to one owner until they expire', async () => {
        expect(await store.acquireLease('l', 'x', { now: 1_000, forMs })).toEqual({
          id: 'l',
          owner: 'x',
          epoch: 1,
          expiresAt: 1_100,
        });
        expect(await store.acquireLease('l', 'y', { now: 1_099, forMs })).toBeUndefined();
        expect(await store.acquireLease('l', 'y', { now: 1_100, forMs })).toEqual({
          id: 'l',
          owner: 'y',
          epoch: 2,
          expiresAt: 1_200,
        });
        expect(await store.acquireLease('l', 'x', { now: 1_101, forMs })).toBeUndefined();
      });

      it('are renewed by their owner in the same epoch', async () => {
        await store.acquireLease('l', 'x', { now: 1_000, forMs });
        expect(await store.acquireLease('l', 'x', { now: 1_050, forMs })).toMatchObject({ epoch: 1, expiresAt: 1_150 });
        expect(await store.acquireLease('l', 'y', { now: 1_120, forMs })).toBeUndefined();
      });

      it('are free once released, and the epoch goes on rising', async () => {
        await store.acquireLease('l', 'x', { now: 1_000, forMs });
        await store.releaseLease('l', 'y');
        expect(await store.acquireLease('l', 'y', { now: 1_001, forMs })).toBeUndefined();
        await store.releaseLease('l', 'x');
        expect(await store.acquireLease('l', 'y', { now: 1_001, forMs })).toMatchObject({ owner: 'y', epoch: 2 });
        await store.releaseLease('m', 'x');
      });

      it('go to exactly one of many claimers, round after round', async () => {
        const stores = [store, await under.another()];
        for (let round = 1; round <= 10; round += 1) {
          const now = round * 1_000;
          const claims = await Promise.all(
            Array.from({ length: 20 }, (_, index) =>
              stores[index % 2]!.acquireLease('l', `o${round}-${index}`, { now, forMs }),
            ),
          );
          const winners = claims.filter((lease) => lease !== undefined);
          expect(winners).toHaveLength(1);
          expect(winners[0]!.epoch).toBe(round);
        }
      });
    });

    it('tells every lease of a kind, held or not', async () => {
      expect(await store.leases('p/')).toEqual([]);
      await store.acquireLease('p/a', 'x', { now: 1_000, forMs: 100 });
      await store.acquireLease('p/b', 'y', { now: 1_000, forMs: 100 });
      await store.acquireLease('q/a', 'z', { now: 1_000, forMs: 100 });
      await store.releaseLease('p/b', 'y');
      const held = (await store.leases('p/')).map(({ id, owner, expiresAt }) => ({
        id,
        owner,
        free: expiresAt <= 1_050,
      }));
      expect(held.sort((one, two) => (one.id < two.id ? -1 : 1))).toEqual([
        { id: 'p/a', owner: 'x', free: false },
        { id: 'p/b', owner: 'y', free: true },
      ]);
    });

    describe('versions', () => {
      it('are 1 before the first swap, then what was swapped in, for everybody', async () => {
        const other = await under.another();
        expect(await store.liveVersion('incidents')).toBe(1);
        await store.swapVersion('incidents', 2, 1);
        expect(await other.liveVersion('incidents')).toBe(2);
        expect(await store.liveVersion('others')).toBe(1);
      });

      it('are reserved above the live one, the same again for the same epoch until it is live', async () => {
        expect(await store.claimVersions('incidents', 3)).toBe(1);
        expect(await store.reserveVersion('incidents', 3)).toBe(2);
        expect(await store.reserveVersion('incidents', 3)).toBe(2);
        expect(await store.liveVersion('incidents')).toBe(1);
        await store.swapVersion('incidents', 2, 3);
        expect(await store.reserveVersion('incidents', 3)).toBe(3);
      });

      it('are never those that an earlier epoch has reserved', async () => {
        await store.reserveVersion('incidents', 1);
        expect(await store.claimVersions('incidents', 2)).toBe(1);
        expect(await store.reserveVersion('incidents', 2)).toBe(3);
        await store.swapVersion('incidents', 3, 2);
        expect(await store.claimVersions('incidents', 4)).toBe(3);
        expect(await store.reserveVersion('incidents', 4)).toBe(4);
      });

      it('are out of the hands of an epoch once a later one has claimed them', async () => {
        const other = await under.another();
        await store.reserveVersion('incidents', 1);
        await other.claimVersions('incidents', 2);
        const refused = { name: 'FencedOff', epoch: 1, current: 2 };
        await expect(store.swapVersion('incidents', 2, 1)).rejects.toMatchObject(refused);
        await expect(store.reserveVersion('incidents', 1)).rejects.toMatchObject(refused);
        await expect(store.claimVersions('incidents', 1)).rejects.toMatchObject(refused);
        expect(await other.liveVersion('incidents')).toBe(1);
      });

      it('are reserved once each, however many epochs ask at once', async () => {
        const stores = [store, await under.another()];
        const reserved = await Promise.allSettled(
          Array.from({ length: 12 }, (_, index) => stores[index % 2]!.reserveVersion('incidents', index + 1)),
        );
        const numbers = reserved.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
        expect(numbers.length).toBeGreaterThan(0);
        expect(new Set(numbers).size).toBe(numbers.length);
      });

      it('live beside each other until one is dropped', async () => {
        const [one, two] = [versionedName('incidents', 1), versionedName('incidents', 2)];
        for (const collection of [one, two]) await store.ensureCollection({ name: collection, indexes: [[['n', 1]]] });
        await store.write(one, [put(doc('a', { n: 1 }))]);
        await store.write(two, [put(doc('a', { n: 2 })), put(doc('b', { n: 2 }))]);
        await store.swapVersion('incidents', 2, 1);
        expect([...(await store.collectionNames())].sort()).toEqual([one, two]);
        await store.dropCollection(one);
        expect(await store.collectionNames()).toEqual([two]);
        expect(await store.find(one)).toEqual([]);
        expect(await store.count(two, { n: 2 })).toBe(2);
      });

      it('lets a dropped collection begin anew, without its documents and tombstones', async () => {
        await fill([doc('a', { n: 1 }, 5), doc('b', { n: 1 }, 5)], [[['n', 1]]]);
        await store.write('things', [remove('b', 6)]);
        await store.dropCollection('things');
        await store.dropCollection('never-was');
        await fill([doc('b', { n: 2 }, 1)], [[['n', 1]]]);
        expect(await store.find('things', { sort: [['n', 1]] })).toEqual([doc('b', { n: 2 }, 1)]);
      });
    });

    describe('collections and indexes', () => {
      it('are ensured again without harm', async () => {
        await fill([doc('a', { n: 1 })], [[['n', 1]]]);
        await store.ensureCollection({ name: 'things', indexes: [[['n', 1]]] });
        expect(await found({ n: 1 })).toEqual(['a']);
      });

      it('get an index that is declared later, over the documents that are there', async () => {
        const documents = Array.from({ length: 2_500 }, (_, index) =>
          doc(`d${String(index).padStart(5, '0')}`, { n: index % 7, m: -index }),
        );
        await fill(documents, [[['n', 1]]]);
        await store.ensureCollection({ name: 'things', indexes: [[['m', -1]], [['n', 1], ['m', 1]]] }); // prettier-ignore
        await store.write('things', [put(doc('d00003', { n: 3, m: 1 }, 2))]);
        const expected = select(
          [...documents.filter(({ _id }) => _id !== 'd00003'), doc('d00003', { n: 3, m: 1 }, 2)],
          { n: 3 },
          [['m', 1]],
        );
        expect(await store.find('things', { filter: { n: 3 }, sort: [['m', 1]] })).toEqual(expected);
        expect(ids(await store.find('things', { sort: [['m', -1]], limit: 2 }))).toEqual(['d00003', 'd00000']);
      });
    });

    describe('filters', () => {
      const day = (n: number) => new Date(Date.UTC(2026, 0, n));
      const documents = [
        doc('array', { v: [1, 'b', null], o: [{ p: 1 }, { p: 5 }] }),
        doc('date', { v: day(2) }),
        doc('empty', { v: [] }),
        doc('false', { v: false }),
        doc('missing', {}),
        doc('null', { v: null, o: { p: null } }),
        doc('number', { v: 3, o: { p: 3 } }),
        doc('object', { v: { x: 1, y: 2 }, o: { q: 1 } }),
        doc('string', { v: 'beta', o: { p: 'x' } }),
        doc('true', { v: true }),
      ];
      const cases: readonly (readonly [title: string, filter: Filter, expected: readonly string[]])[] = [
        ['equality', { v: 3 }, ['number']],
        ['equality with an element', { v: 'b' }, ['array']],
        ['null: null, missing, an element', { v: null }, ['array', 'missing', 'null']],
        ['$eq', { v: { $eq: 'beta' } }, ['string']],
        ['a date', { v: day(2) }, ['date']],
        ['a whole array', { v: [1, 'b', null] }, ['array']],
        ['an empty array', { v: [] }, ['empty']],
        ['an object, member for member', { v: { x: 1, y: 2 } }, ['object']],
        ['an object, members in another order', { v: { y: 2, x: 1 } }, []],
        ['$ne', { v: { $ne: 3 } }, ['array', 'date', 'empty', 'false', 'missing', 'null', 'object', 'string', 'true']],
        ['$ne null', { v: { $ne: null } }, ['date', 'empty', 'false', 'number', 'object', 'string', 'true']],
        ['$gt within numbers', { v: { $gt: 0 } }, ['array', 'number']],
        ['$gte', { v: { $gte: 3 } }, ['number']],
        ['$lt', { v: { $lt: 3 } }, ['array']],
        ['$lte', { v: { $lte: 3 } }, ['array', 'number']],
        ['a range within strings', { v: { $gte: 'b', $lt: 'c' } }, ['array', 'string']],
        ['a range within dates', { v: { $gt: day(1), $lte: day(2) } }, ['date']],
        ['a range within booleans', { v: { $gte: false } }, ['false', 'true']],
        ['an array meets both ends of a range with different elements', { 'o.p': { $gt: 4, $lt: 2 } }, ['array']],
        ['$in', { v: { $in: [3, 'beta', true] } }, ['number', 'string', 'true']],
        ['$in with null', { v: { $in: [null, 3] } }, ['array', 'missing', 'null', 'number']],
        ['$in nothing', { v: { $in: [] } }, []],
        ['$nin', { v: { $nin: [3, null] } }, ['date', 'empty', 'false', 'object', 'string', 'true']],
        ['$nin nothing', { v: { $nin: [] }, o: { $exists: true } }, ['array', 'null', 'number', 'object', 'string']],
        ['$exists', { v: { $exists: true }, o: { $exists: false } }, ['date', 'empty', 'false', 'true']],
        ['$exists false', { v: { $exists: false } }, ['missing']],
        ['a dotted path', { 'o.p': 3 }, ['number']],
        ['a dotted path through an array', { 'o.p': 5 }, ['array']],
        ['a dotted path and null', { 'o.p': null }, ['date', 'empty', 'false', 'missing', 'null', 'object', 'true']],
        ['$exists on a dotted path', { 'o.p': { $exists: true } }, ['array', 'null', 'number', 'string']],
        ['$regex, anchored', { v: { $regex: '^be' } }, ['string']],
        ['$regex anywhere, in elements', { v: { $regex: 'b' } }, ['array', 'string']],
        ['$regex without regard to case', { v: { $regex: '^BE', $options: 'i' } }, ['string']],
        ['$regex with a quantifier after the prefix', { v: { $regex: '^bex*t' } }, ['string']],
        ['$and', { $and: [{ v: { $gt: 0 } }, { 'o.p': { $gt: 4 } }] }, ['array']],
        ['$or', { $or: [{ v: 3 }, { v: 'beta' }] }, ['number', 'string']],
        [
          '$or beside other conditions',
          { v: { $exists: true }, $or: [{ v: null }, { 'o.p': 'x' }] },
          ['array', 'null', 'string'],
        ],
        ['$and within $or', { $or: [{ $and: [{ v: 3 }, { 'o.p': 3 }] }, { v: false }] }, ['false', 'number']],
        ['several operators on one path', { v: { $gte: 0, $ne: 3, $exists: true } }, ['array']],
        ['the id', { _id: { $in: ['true', 'date', 'nobody'] } }, ['date', 'true']],
        ['a range of ids', { _id: { $gt: 'n', $lt: 'o' } }, ['null', 'number']],
        ['no condition', {}, ids(documents)],
      ];

      describe.each([
        ['without an index', []],
        ['with indexes', [[['v', 1]], [['o.p', -1]], [['v', -1], ['o.q', 1]]]], // prettier-ignore
      ] as [string, IndexSpec[]][])('%s', (_title, indexes) => {
        it.each(cases)('%s', async (_name, filter, expected) => {
          await fill(documents, indexes);
          expect(await found(filter)).toEqual(expected);
          expect(await store.count('things', filter)).toBe(expected.length);
        });
      });

      it.each([
        [{ v: { $where: '1' } }, '$where'],
        [{ v: { $elemMatch: { x: 1 } } }, '$elemMatch'],
        [{ v: { $not: { $gt: 1 } } }, '$not'],
        [{ $nor: [{ v: 1 }] }, '$nor'],
        [{ $or: [{ v: { $type: 'string' } }] }, '$type'],
        [{ $expr: { $gt: ['$v', 1] } }, '$expr'],
        [{ v: { $in: 'abc' } }, '$in'],
        [{ $or: [] }, '$or'],
        [{ v: undefined }, 'v'],
      ])('refuses %j, which the port does not promise', async (filter, operator) => {
        const refusal = { kind: 'invalid', code: 'query.unsupported-operator', fields: { operator } };
        await fill([doc('a')]);
        await expect(store.find('things', { filter })).rejects.toMatchObject(refusal);
        await expect(store.count('things', filter)).rejects.toMatchObject(refusal);
        await expect(store.group('nowhere', { filter, by: [], sums: {} })).rejects.toMatchObject(refusal);
      });
    });

    describe('sorting', () => {
      const everyType = [
        doc('01-empty-array', { v: [] }),
        doc('02-missing', {}),
        doc('03-null', { v: null }),
        doc('04-minus', { v: -1 }),
        doc('05-array', { v: [7, 0] }),
        doc('06-number', { v: 2.5 }),
        doc('07-large', { v: 1e12 }),
        doc('08-text', { v: '' }),
        doc('09-text', { v: 'B' }),
        doc('10-text', { v: 'a' }),
        doc('11-text', { v: '～' }),
        doc('12-text', { v: '😀' }),
        doc('13-object', { v: { x: 1 } }),
        doc('14-object', { v: { x: 2 } }),
        doc('15-false', { v: false }),
        doc('16-true', { v: true }),
        doc('17-date', { v: new Date(0) }),
        doc('18-date', { v: new Date(1) }),
      ];
      const mixed = deviations.utf16 ? everyType.filter(({ _id }) => _id !== '12-text') : everyType;

      it.each([[[]], [[[['v', 1]]]], [[[['v', -1]]]]] as [IndexSpec[]][])(
        'orders types as MongoDB does, with indexes %j',
        async (indexes) => {
          await fill(mixed, indexes);
          expect(ids(await store.find('things', { sort: [['v', 1]] }))).toEqual(ids(mixed));
          const descending = ids(await store.find('things', { sort: [['v', -1]] }));
          expect(descending).toEqual(ids(select(mixed, {}, [['v', -1]])));
          expect(descending.slice(-3)).toEqual(['02-missing', '03-null', '01-empty-array']);
        },
      );

      const grid = Array.from({ length: 60 }, (_, index) =>
        doc(`d${String((index * 37) % 60).padStart(2, '0')}`, { a: index % 3, b: `b${index % 4}`, c: index % 2 === 0 }),
      );

      it.each([
        [
          [
            ['a', 1],
            ['b', 1],
          ],
        ],
        [
          [
            ['a', -1],
            ['b', 1],
          ],
        ],
        [
          [
            ['a', 1],
            ['b', -1],
            ['c', 1],
          ],
        ],
        [
          [
            ['c', -1],
            ['a', -1],
          ],
        ],
        [[['_id', -1]]],
        [
          [
            ['b', 1],
            ['_id', -1],
          ],
        ],
      ] as [Sort][])('sorts by %j, ids last', async (sort) => {
        await fill(grid);
        const expected = ids(await store.find('things', { sort }));
        expect(ids(select(grid, {}, sort))).toEqual(expected);
        await store.ensureCollection({
          name: 'things',
          indexes: [sort, sort.map(([path, direction]) => [path, -direction] as [string, 1 | -1])],
        });
        expect(ids(await store.find('things', { sort }))).toEqual(expected);
        expect(ids(await store.find('things', { sort, limit: 7 }))).toEqual(expected.slice(0, 7));
      });

      it('goes by id where no sort is given', async () => {
        await fill([doc('b'), doc('a'), doc('C')]);
        expect(ids(await store.find('things'))).toEqual(['C', 'a', 'b']);
      });
    });

    describe('leaving fields out', () => {
      it('returns documents without the paths named, in lists too', async () => {
        await fill([doc('a', { big: 'x', nested: { big: 'x', small: 1 }, list: [{ big: 1, small: 2 }] })]);
        const [lean] = await store.find('things', { without: ['big', 'nested.big', 'list.big', 'absent.path'] });
        expect(lean).toEqual(doc('a', { nested: { small: 1 }, list: [{ small: 2 }] }));
        expect(await store.get('things', 'a')).toHaveProperty('big');
      });
    });

    describe('paging', () => {
      const pages = async (
        filter: Filter,
        sort: Sort,
        limit: number,
        between: () => Promise<void> = () => Promise.resolve(),
      ) => {
        const seen: Doc[] = [];
        for (let after: readonly unknown[] | undefined; ;) {
          const page: Doc[] = await store.find<Doc>('things', { filter, sort, limit, after });
          seen.push(...page);
          const last = page.at(-1);
          if (!last || page.length < limit) return seen;
          after = [...sort.map(([path]) => valueAt(last, path)), last._id];
          await between();
        }
      };

      it.each([
        [[['at', -1]], 'forwards'],
        [[['at', 1]], 'backwards'],
        [
          [
            ['kind', 1],
            ['at', -1],
          ],
          'mixed',
        ],
      ] as [Sort, string][])(
        'by %j is complete and without duplicates while documents are inserted (%s)',
        async (sort) => {
          const documents = Array.from({ length: 95 }, (_, index) =>
            doc(`d${String((index * 53) % 95).padStart(3, '0')}`, {
              kind: index % 2,
              at: index % 9 === 0 ? null : `t${index % 13}`,
            }),
          );
          await fill(documents, [[['at', -1]], [['kind', 1], ['at', -1]]]); // prettier-ignore
          let inserted = 0;
          const seen = await pages({}, sort, 10, async () => {
            inserted += 1;
            await store.write('things', [
              put(doc(`a-new${inserted}`, { kind: 0, at: `t${inserted}` })),
              put(doc(`z-new${inserted}`, { kind: 1, at: null })),
            ]);
          });
          const old = seen.filter(({ _id }) => _id.startsWith('d'));
          expect(ids(old)).toEqual(ids(select(documents, {}, sort)));
          expect(new Set(ids(seen)).size).toBe(seen.length);
          expect(inserted).toBeGreaterThan(8);
        },
      );

      it('goes on after a document that is gone', async () => {
        await fill(
          [1, 2, 3, 4].map((n) => doc(`d${n}`, { n })),
          [[['n', 1]]],
        );
        await store.write('things', [remove('d2', 2)]);
        expect(ids(await store.find('things', { sort: [['n', 1]], after: [2, 'd2'] }))).toEqual(['d3', 'd4']);
      });
    });

    describe('groups', () => {
      const sales = [
        doc('1', { team: 'a', tier: 1, minutes: 10 }),
        doc('2', { team: 'a', tier: 1, minutes: 5.5 }),
        doc('3', { team: 'a', tier: 2, minutes: 'many' }),
        doc('4', { team: null, tier: 1 }),
        doc('5', { tier: 1, minutes: 1 }),
        doc('6', { team: 'b', tier: true, minutes: [4] }),
      ];

      it.each([
        [{ by: ['team'], sums: { n: 1, minutes: 'minutes' } }],
        [{ by: ['team', 'tier'], sums: { n: 1 } }],
        [{ by: [], sums: { n: 1, minutes: 'minutes' }, filter: { tier: 1 } }],
        [{ by: ['team'], sums: { n: 1 }, filter: { tier: 99 } }],
      ] as const)('%j', async (options) => {
        await fill(sales, [[['tier', 1]]]);
        expect(sortedGroups(await store.group('things', options))).toEqual(groupsOf(sales, options));
      });

      it('counts, sums numbers only, and takes missing for null', async () => {
        await fill(sales);
        const groups = sortedGroups(await store.group('things', { by: ['team'], sums: { n: 1, minutes: 'minutes' } }));
        expect(groups).toEqual([
          { key: { team: null }, sums: { n: 2, minutes: 1 } },
          { key: { team: 'a' }, sums: { n: 3, minutes: 15.5 } },
          { key: { team: 'b' }, sums: { n: 1, minutes: 0 } },
        ]);
      });

      it('goes by dotted paths', async () => {
        await fill([
          doc('1', { labels: { team: 'a' }, counts: { open: 2 } }),
          doc('2', { labels: { team: 'a' }, counts: { open: 3 } }),
        ]);
        expect(await store.group('things', { by: ['labels.team'], sums: { open: 'counts.open' } })).toEqual([
          { key: { 'labels.team': 'a' }, sums: { open: 5 } },
        ]);
      });
    });

    describe('any query on any documents', () => {
      const { fields, filters, ordering } = arbitraryQueries(deviations);

      it('agrees with the reference on content, order, pages and counts', async () => {
        let round = 0;
        const run = fc.asyncProperty(
          fc.array(fields, { maxLength: 25 }),
          fc.array(ordering(1), { maxLength: 4 }),
          fc.array(
            fc.record({ filter: filters, sort: ordering(0), limit: fc.integer({ min: 1, max: 6 }), page: fc.nat(20) }),
            { minLength: 8, maxLength: 8 },
          ),
          async (drawn, indexes, queries) => {
            const collection = `random${(round += 1)}`;
            const documents = drawn.map((values, index) => doc(`d${(index * 7) % 25}`, values));
            await store.ensureCollection({ name: collection, indexes });
            await store.write(collection, documents.map((document) => put({ ...document, a: 'before', position: at(0) } as Doc))); // prettier-ignore
            await store.write(collection, documents.map(put));
            for (const { filter, sort, limit, page } of queries) {
              const expected = select(documents, filter, sort);
              expect(await store.find(collection, { filter, sort })).toEqual(expected);
              expect(await store.count(collection, filter)).toBe(expected.length);
              const from = expected.slice(0, page).at(-1);
              const after = from && [...sort.map(([key]) => cursorValue(from, key)), from._id];
              const start = from ? Math.min(page, expected.length) : 0;
              expect(await store.find(collection, { filter, sort, limit, after })).toEqual(
                expected.slice(start, start + limit),
              );
            }
            await store.dropCollection(collection);
          },
        );
        await fc.assert(run, { numRuns: 150 });
      });
    });
  });
}
