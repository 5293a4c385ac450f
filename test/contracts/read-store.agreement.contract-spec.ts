import {
  type Filter,
  openLmdbReadStore,
  openMongoDbReadStore,
  type ReadDocument,
  type ReadStore,
  type Sort,
} from '@faultline/read-store';
import fc from 'fast-check';
import { describeWithMongoDb, freshDatabase } from '../support/mongodb-server';
import { temporaryDirectory } from '../support/temporary';
import { arbitraryQueries, cursorValue, deviationsOf } from './read-store.arbitraries';
import { sortedGroups } from './read-store.reference';

type Doc = ReadDocument & Readonly<Record<string, unknown>>;
type Query = { readonly filter: Filter; readonly sort: Sort; readonly limit: number; readonly page: number };

const position = '00000000000000000001';

describeWithMongoDb('Read stores on LMDB and on MongoDB', (url, isJava) => {
  let stores: readonly [ReadStore, ReadStore];
  let dispose: () => Promise<void>;

  beforeEach(async () => {
    const { path: directory, remove } = await temporaryDirectory();
    const database = freshDatabase(url());
    stores = [await openLmdbReadStore({ directory }), await openMongoDbReadStore({ url: database.url })];
    dispose = async () => {
      for (const store of stores) await store.close();
      await remove();
      await database.drop();
    };
  });

  afterEach(() => dispose());

  const same = async <Answer>(ask: (store: ReadStore) => Promise<Answer>): Promise<Answer> => {
    const [embedded, mongo] = await Promise.all(stores.map(ask));
    expect(mongo).toEqual(embedded);
    return embedded!;
  };

  const compare = async (name: string, { filter, sort, limit, page }: Query) => {
    const found = await same((store) => store.find<Doc>(name, { filter, sort }));
    await same((store) => store.count(name, filter));
    await same(async (store) => sortedGroups(await store.group(name, { filter, by: ['b'], sums: { n: 'n', all: 1 } })));
    await same((store) => store.find(name, { filter, sort, limit, without: ['a', 'c.d'] }));
    const last = found[page];
    if (!last) return;
    const values = sort.map(([path]) => cursorValue(last, path));
    const next = await same((store) => store.find(name, { filter, sort, limit, after: [...values, last._id] }));
    expect(next).toEqual(found.slice(page + 1, page + 1 + limit));
  };

  it('answer any query on any documents alike: content, order, pages, counts, groups', async () => {
    const { fields, filters, ordering } = arbitraryQueries(deviationsOf(isJava));
    const query = fc.record({
      filter: filters,
      sort: ordering(0),
      limit: fc.integer({ min: 1, max: 6 }),
      page: fc.nat(8),
    });
    let round = 0;
    const run = fc.asyncProperty(
      fc.array(fields, { maxLength: 25 }),
      fc.array(ordering(1), { maxLength: 3 }),
      fc.array(query, { minLength: 8, maxLength: 8 }),
      async (drawn, indexes, queries) => {
        const name = `random${(round += 1)}`;
        for (const store of stores) {
          await store.ensureCollection({ name, indexes });
          await store.write(
            name,
            drawn.map((values, index) => ({
              kind: 'put',
              document: { ...values, _id: `d${(index * 7) % 25}`, position },
            })),
          );
        }
        for (const one of queries) await compare(name, one);
        for (const store of stores) await store.dropCollection(name);
      },
    );
    await fc.assert(run, { numRuns: 40 });
  });
});
