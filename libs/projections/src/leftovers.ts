import { type ReadStore, versionedName } from '@faultline/read-store';
import { type Projection } from './projection';

/** Drops the collections of every version of a model, its counters included, for which `isLeftover` holds. */
export async function dropVersions(
  projection: Projection,
  store: Pick<ReadStore, 'collectionNames' | 'dropCollection'>,
  isLeftover: (version: number) => boolean,
): Promise<void> {
  const models = new Set([projection.name, ...(projection.counters ?? []).map(({ name }) => name)]);
  for (const name of await store.collectionNames()) {
    const at = name.lastIndexOf('@');
    const version = Number(name.slice(at + 1));
    const [model, isOurs] = [name.slice(0, at), versionedName(name.slice(0, at), version) === name];
    if (isOurs && models.has(model) && isLeftover(version)) await store.dropCollection(name);
  }
}
