import { StoreUnavailable } from '@faultline/kernel';
import { type ReadStore, type WriteOperation } from '@faultline/read-store';
import * as fc from 'fast-check';
import { altered } from '../../../../test/support/stores';

/** When and how a process dies. */
export type Death = {
  /** It carries out so many changes of the store and dies in the next one. */
  readonly afterChanges: number;
  /** How many documents of that last write still reach the store: a write is not atomic over documents. */
  readonly lastDocuments: number;
  /** Whether the process notices: else it goes on as if all were well, and everything that it changes is lost. */
  readonly noticed: boolean;
};

/** A death at any of the first changes. */
export const deathWithin = (changes: number): fc.Arbitrary<Death> =>
  fc.record({ afterChanges: fc.nat(changes), lastDocuments: fc.nat(4), noticed: fc.boolean() });

/** The read store as a process sees it that is going to die. */
export function mortalStore(store: ReadStore, { afterChanges, lastDocuments, noticed }: Death): ReadStore {
  let left = afterChanges;
  const change = async (full: () => Promise<void>, last: () => Promise<void> = () => Promise.resolve()) => {
    left -= 1;
    if (left >= 0) return full();
    if (left === -1) await last();
    if (noticed) throw new StoreUnavailable('killed');
  };
  return altered<ReadStore>(store, {
    write: (collection, operations: readonly WriteOperation[]) =>
      operations.length === 0
        ? store.write(collection, operations)
        : change(
            () => store.write(collection, operations),
            () => store.write(collection, operations.slice(0, lastDocuments)),
          ),
    writeCheckpoint: (...call) => change(() => store.writeCheckpoint(...call)),
    swapVersion: (...call) => change(() => store.swapVersion(...call)),
    ensureCollection: (spec) => change(() => store.ensureCollection(spec)),
    dropCollection: (name) => change(() => store.dropCollection(name)),
  });
}
