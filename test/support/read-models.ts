import { openLmdbReadStore, versionedName } from '@faultline/read-store';

/** The read models of a directory that no server runs on, document by document. */
export type ReadModels = Readonly<Record<string, readonly object[]>>;

/** Which collections each projection writes. */
const collections: Readonly<Record<string, readonly string[]>> = {
  incidents: ['incidents', 'queues'],
  timelines: ['timelines'],
};

/** Reads every document of every live read model, in the order of ids. */
export async function dumpReadModels(directory: string): Promise<ReadModels> {
  const store = await openLmdbReadStore({ directory });
  try {
    const dump: Record<string, readonly object[]> = {};
    for (const [projection, names] of Object.entries(collections)) {
      const version = await store.liveVersion(projection);
      for (const name of names) {
        dump[name] = await store.find(versionedName(name, version), { sort: [['_id', 1]] });
      }
    }
    return dump;
  } finally {
    await store.close();
  }
}
