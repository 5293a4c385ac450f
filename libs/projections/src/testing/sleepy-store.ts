import { type ReadStore } from '@faultline/read-store';
import * as fc from 'fast-check';
import { altered, gate, type Gate } from '../../../../test/support/stores';

/** The read store as a process sees it that falls asleep in one of its changes, and carries that one out when it wakes. */
export type SleepyStore = { readonly store: ReadStore; readonly asleep: () => boolean; readonly wake: Gate['open'] };

/** In which of its changes a process falls asleep. */
export const sleepWithin = (changes: number): fc.Arbitrary<number> => fc.nat(changes);

export function sleepyStore(store: ReadStore, afterChanges: number): SleepyStore {
  const { opened, open } = gate();
  let left = afterChanges;
  let asleep = false;
  const change = async <Result>(carryOut: () => Promise<Result>): Promise<Result> => {
    left -= 1;
    if (left === -1) {
      asleep = true;
      await opened;
      asleep = false;
    }
    return carryOut();
  };
  const sleepy = altered<ReadStore>(store, {
    write: (...call) => (call[1].length === 0 ? store.write(...call) : change(() => store.write(...call))),
    writeCheckpoint: (...call) => change(() => store.writeCheckpoint(...call)),
    reserveVersion: (...call) => change(() => store.reserveVersion(...call)),
    swapVersion: (...call) => change(() => store.swapVersion(...call)),
    ensureCollection: (spec) => change(() => store.ensureCollection(spec)),
    dropCollection: (name) => change(() => store.dropCollection(name)),
  });
  return { store: sleepy, asleep: () => asleep, wake: open };
}
