import { openLmdbReadStore, openMongoDbReadStore, type ReadStore, versionedName } from '@faultline/read-store';

/** Read models, document by document. */
export type ReadModels = Readonly<Record<string, readonly object[]>>;

/** Which collections each projection writes. */
const collections: Readonly<Record<string, readonly string[]>> = {
  incidents: ['incidents', 'queues'],
  timelines: ['timelines'],
};

/** Reads every document of every live read model in a directory that no server runs on, in the order of ids. */
export const dumpReadModels = async (directory: string): Promise<ReadModels> =>
  dump(await openLmdbReadStore({ directory }));

/** Reads every document of every live read model in a database of MongoDB, in the order of ids. */
export const dumpMongoDbReadModels = async (url: string): Promise<ReadModels> =>
  dump(await openMongoDbReadStore({ url }));

async function dump(store: ReadStore): Promise<ReadModels> {
  try {
    const models: Record<string, readonly object[]> = {};
    for (const [projection, names] of Object.entries(collections)) {
      const version = await store.liveVersion(projection);
      for (const name of names) {
        models[name] = await store.find(versionedName(name, version), { sort: [['_id', 1]] });
      }
    }
    return models;
  } finally {
    await store.close();
  }
}
