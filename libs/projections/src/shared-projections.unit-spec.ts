import { ManualClock } from '@faultline/kernel';
import { type ReadStore } from '@faultline/read-store';
import * as fc from 'fast-check';
import { altered, gate, openStores, type Stores } from '../../../test/support/stores';
import { ProjectionBoard } from './projection-board';
import { SharedProjections } from './shared-projections';
import { ParcelHost, Sorter, until } from './testing/parcel-host';
import { anyChange, type ParcelChange, parcelProjection, plainFold, storedModel } from './testing/parcels';
import { sleepWithin, sleepyStore } from './testing/sleepy-store';

const posted = (parcel: string, depot = 'Aachen'): ParcelChange => ({
  parcel,
  step: { type: 'ParcelPosted', data: { depot } },
});
const models = [parcelProjection(), parcelProjection('-again')];

describe('projections that several processes share', () => {
  let stores: Stores;
  let sorter: Sorter;
  let clock: ManualClock;
  let board: ProjectionBoard;
  let processes: Process[];

  beforeEach(async () => {
    stores = await openStores();
    clock = new ManualClock();
    sorter = new Sorter(stores, () => clock.now());
    board = new ProjectionBoard(stores.documents);
    processes = [];
  });

  afterEach(async () => {
    for (const { shared } of processes) await shared.stop();
    await stores.close();
  });

  /** `isBetweenRounds` is null for one that stands still. */
  type Process = {
    readonly shared: SharedProjections;
    readonly troubles: unknown[];
    isBetweenRounds: boolean | null;
  };

  const process = (owner: string, store: ReadStore = stores.documents): Process => {
    const troubles: unknown[] = [];
    const wait: ManualClock['wait'] = async (milliseconds, signal) => {
      const isRound = milliseconds === 1_000 && started.isBetweenRounds !== null;
      if (isRound) started.isBetweenRounds = true;
      await clock.wait(milliseconds, signal);
      if (isRound) started.isBetweenRounds = false;
    };
    const shared = new SharedProjections(models, {
      events: stores.events,
      store,
      clock: altered(clock, { wait }),
      open: (events) => Promise.resolve(events),
      owner,
      onTrouble: ({ error }) => troubles.push(error),
    });
    const started: Process = { shared, troubles, isBetweenRounds: false };
    processes.push(started);
    shared.start();
    return started;
  };

  /** Lets time pass until the condition holds, but only while every process has finished its round: stores know nothing of this clock. */
  const eventually = (condition: () => boolean | Promise<boolean>) =>
    until(async () => {
      if (await condition()) return true;
      if (processes.every(({ isBetweenRounds }) => isBetweenRounds !== false)) clock.advance(1_000);
      return false;
    });

  const feeds = (...owners: Process[]) => owners.map(({ shared }) => [...shared.models].sort());
  const checkpoint = async (model: string) => {
    const version = await stores.documents.liveVersion(model);
    return (await stores.documents.readCheckpoint(`${model}@${version}`))?.position ?? '';
  };
  const reached = (position: string) =>
    eventually(async () => {
      for (const { name } of models) if ((await checkpoint(name)) < position) return false;
      return true;
    });
  const expectComplete = async () => {
    const expected = plainFold(await sorter.log());
    for (const model of models) {
      const version = await stores.documents.liveVersion(model.name);
      expect(await storedModel(stores.documents, version, model)).toEqual(expected);
    }
  };

  it('are all fed by a process that is alone', async () => {
    await sorter.append([posted('parcel-1')]);
    const one = process('one');
    await eventually(() => one.shared.models.length === 2);
    await reached(await sorter.append([posted('parcel-2')]));
    await expectComplete();
    expect(one.troubles).toEqual([]);
  });

  it('move their checkpoint at once, also where no event concerned them', async () => {
    const one = process('one');
    await eventually(() => one.shared.models.length === 2);
    const position = await sorter.append([posted('letter-1')]);
    await eventually(async () => (await checkpoint('parcels')) === position);
  });

  it('are divided when a second process comes, and all of them taken by the one that stays', async () => {
    const one = process('one');
    await eventually(() => one.shared.models.length === 2);
    const two = process('two');
    await eventually(
      () => feeds(one, two).every(({ length }) => length === 1) && new Set(feeds(one, two).flat()).size === 2,
    );
    await reached(await sorter.append([posted('parcel-1')]));
    await one.shared.stop();
    one.isBetweenRounds = null;
    await eventually(() => two.shared.models.length === 2);
    await reached(await sorter.append([posted('parcel-2')]));
    await expectComplete();
    expect([...one.troubles, ...two.troubles]).toEqual([]);
  });

  it('leave a process without work where there are more processes than models', async () => {
    const three = ['one', 'two', 'three'].map((owner) => process(owner));
    await eventually(() => feeds(...three).flat().length === 2);
    let looks = 0;
    await eventually(() => (looks += 1) > 20);
    expect(
      feeds(...three)
        .map(({ length }) => length)
        .sort(),
    ).toEqual([0, 1, 1]);
  });

  it('are taken over from a process that dies or freezes, once its leases have expired', async () => {
    let frozen = false;
    const { opened, open } = gate();
    const pass = async <Result>(call: () => Promise<Result>) => {
      if (frozen) await opened;
      return call();
    };
    const one = process(
      'one',
      altered<ReadStore>(stores.documents, {
        write: (...call) => pass(() => stores.documents.write(...call)),
        acquireLease: (...call) => pass(() => stores.documents.acquireLease(...call)),
      }),
    );
    await eventually(() => one.shared.models.length === 2);
    frozen = true;
    one.isBetweenRounds = null;
    await sorter.append([posted('parcel-1')]);
    const two = process('two');
    await eventually(() => two.shared.models.length === 2);
    await reached(await sorter.append([posted('parcel-2')]));
    await expectComplete();
    frozen = false;
    one.isBetweenRounds = false;
    open();
    await eventually(() => one.shared.models.length === 1 && two.shared.models.length === 1);
    await reached(await sorter.append([posted('parcel-3')]));
    await expectComplete();
  });

  it('are rebuilt by their owner when another process asks, once', async () => {
    const one = process('one');
    await reached(await sorter.append([posted('parcel-1')]));
    await board.request('parcels', clock.now());
    await eventually(async () => (await stores.documents.liveVersion('parcels')) === 2);
    await eventually(async () => (await board.entry('parcels'))?.version === 2);
    expect(await board.entry('parcels')).toMatchObject({ version: 2, rebuild: null, failure: null });
    let looks = 0;
    await eventually(() => (looks += 1) > 10);
    await reached(await sorter.append([posted('parcel-2')]));
    expect(await stores.documents.liveVersion('parcels')).toBe(2);
    await expectComplete();
    expect(one.troubles).toEqual([]);
  });

  it('are not asked for again by a late note of an owner that was replaced', async () => {
    await board.open();
    await board.request('parcels', 1_000);
    const first = await board.pending('parcels');
    await board.request('parcels', 2_000);
    const second = await board.pending('parcels');
    await board.answer('parcels', second!.stamp);
    await board.answer('parcels', first!.stamp);
    expect(await board.pending('parcels')).toBeUndefined();
    await board.request('parcels', 1_500);
    expect((await board.pending('parcels'))!.at).toBe(2_001);
  });

  it('are rebuilt by the next owner where the first one ends in the middle', async () => {
    const { opened, open } = gate();
    let arrived = false;
    const one = process(
      'one',
      altered<ReadStore>(stores.documents, {
        write: async (collection, operations) => {
          if (collection === 'parcels@2') {
            arrived = true;
            await opened;
          }
          return stores.documents.write(collection, operations);
        },
      }),
    );
    await reached(await sorter.append([posted('parcel-1')]));
    await board.request('parcels', clock.now());
    await eventually(() => arrived);
    const stopped = one.shared.stop();
    open();
    await stopped;
    one.isBetweenRounds = null;
    expect(await stores.documents.liveVersion('parcels')).toBe(1);
    process('two');
    await eventually(async () => (await stores.documents.liveVersion('parcels')) === 3);
    await reached(await sorter.append([posted('parcel-2')]));
    await expectComplete();
  });

  it('end as a plain fold, wherever an owner freezes, whoever goes on meanwhile, and whenever it wakes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          before: fc.array(anyChange, { minLength: 1, maxLength: 8 }),
          during: fc.array(anyChange, { maxLength: 5 }),
          after: fc.array(anyChange, { maxLength: 3 }),
          sleep: sleepWithin(22),
          rebuilds: fc.record({ sleeper: fc.boolean(), successor: fc.boolean() }),
          wakesBefore: fc.boolean(),
        }),
        async ({ before, during, after, sleep, rebuilds, wakesBefore }) => {
          const own = await openStores();
          const writer = new Sorter(own);
          const { store, asleep, wake } = sleepyStore(own.documents, sleep);
          const takenOver = () => undefined;
          const sleeper = new ParcelHost({ ...own, documents: store }, { owner: 'sleeper', onTakenOver: takenOver });
          const successor = new ParcelHost(own, { owner: 'successor', onTakenOver: takenOver });
          try {
            const head = await writer.append(before);
            let begun = false;
            const first = sleeper.host.adopt('parcels', 1).then(async () => {
              await until(() => sleeper.host.position >= head || asleep());
              if (rebuilds.sleeper && !asleep()) sleeper.host.rebuild('parcels');
              begun = true;
            });
            await until(() => asleep() || (begun && isIdle(sleeper)));
            await successor.host.adopt('parcels', 2);
            if (rebuilds.successor) successor.host.rebuild('parcels');
            const reached = await writer.append(during);
            if (wakesBefore) wake();
            await until(() => successor.host.position >= reached && isIdle(successor));
            wake();
            await first.catch(() => undefined);
            await sleeper.host.stop();
            const last = await writer.append(after);
            await until(() => successor.host.position >= last);
            const live = await own.documents.liveVersion('parcels');
            expect(live).toBe(successor.host.fed('parcels')?.version);
            expect(await storedModel(own.documents, live)).toEqual(plainFold(await writer.log()));
            expect(successor.troubles).toEqual([]);
          } finally {
            wake();
            for (const { host } of [sleeper, successor]) await host.stop();
            await own.close();
          }
        },
      ),
      { numRuns: 40 },
    );
  });
});

const isIdle = ({ host }: ParcelHost): boolean => host.fed('parcels')?.rebuild === null;
