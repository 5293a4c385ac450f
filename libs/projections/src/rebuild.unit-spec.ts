import { type EventStore } from '@faultline/event-store';
import { ManualClock, type RecordedEvent, StoreUnavailable } from '@faultline/kernel';
import { type ReadStore } from '@faultline/read-store';
import * as fc from 'fast-check';
import { altered, type Gate, gate, openStores, type Stores } from '../../../test/support/stores';
import { deathWithin, mortalStore } from './testing/mortal-store';
import { hasCollection, ParcelHost, Sorter, until } from './testing/parcel-host';
import { anyChange, type Model, type ParcelChange, plainFold, storedModel } from './testing/parcels';

const graceMs = 60_000;

const posted = (parcel: string, depot = 'Aachen'): ParcelChange => ({
  parcel,
  step: { type: 'ParcelPosted', data: { depot } },
});
const moved = (parcel: string, depot: string): ParcelChange => ({
  parcel,
  step: { type: 'ParcelMoved', data: { depot } },
});
const start = [posted('parcel-1'), posted('parcel-2', 'Bremen'), posted('letter-1'), moved('parcel-1', 'Celle')];

/** A method at which the process is held until the gate opens. */
const held = () => {
  const { opened, open }: Gate = gate();
  let arrivals = 0;
  const pass = async () => {
    arrivals += 1;
    await opened;
  };
  return { pass, open, arrived: () => until(() => arrivals > 0) };
};

describe('a rebuild', () => {
  let stores: Stores;
  let sorter: Sorter;
  let clock: ManualClock;
  let waits: number[];
  let hosts: ParcelHost[];

  beforeEach(async () => {
    stores = await openStores();
    clock = new ManualClock();
    waits = [];
    sorter = new Sorter(stores, () => clock.now());
    hosts = [];
  });

  afterEach(async () => {
    for (const { host } of hosts) await host.stop();
    await stores.close();
  });

  const started = async (changes: Partial<ReadStore> = {}, events: Partial<EventStore> = {}) => {
    const watched = altered(clock, {
      wait: (milliseconds, signal) => {
        waits.push(milliseconds);
        return clock.wait(milliseconds, signal);
      },
    });
    const own = { documents: altered(stores.documents, changes), events: altered(stores.events, events) };
    const host = new ParcelHost(own, { clock: watched });
    hosts.push(host);
    await host.host.start();
    return host;
  };

  const log = () => sorter.log();
  const version = (number: number) => storedModel(stores.documents, number);
  /** What a query gets: the version that is live now. */
  const queried = async () => version(await stores.documents.liveVersion('parcels'));
  const collections = async (number: number) => {
    const names = ['parcels', 'depots', 'tags'].map((name) => `${name}@${number}`);
    return Promise.all(names.map((name) => hasCollection(stores.documents, name)));
  };
  const present = [true, true, true];
  const absent = [false, false, false];
  const inGrace = () => until(() => waits.includes(graceMs));

  it('gives, document by document, what the live feed has', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyChange, { maxLength: 40 }), async (changes) => {
        const own = await openStores();
        const writer = new Sorter(own);
        const { host, reached, rebuilt } = bound(new ParcelHost(own));
        try {
          await host.start();
          for (const change of changes) await reached(await writer.append([change]));
          host.rebuild('parcels');
          await rebuilt();
          const live = await storedModel(own.documents, 1);
          expect(await own.documents.liveVersion('parcels')).toBe(2);
          expect(await storedModel(own.documents, 2)).toEqual(live);
          expect(live).toEqual(plainFold(await writer.log()));
        } finally {
          await host.stop();
          await own.close();
        }
      }),
      { numRuns: 25 },
    );
  });

  it('writes each document once', async () => {
    await sorter.append(start);
    await sorter.append([moved('parcel-1', 'Bremen'), moved('parcel-1', 'Aachen')]);
    const written: string[] = [];
    const host = await started({
      write: (collection, operations) => {
        for (const operation of operations) {
          if (operation.kind === 'put') written.push(`${collection} ${operation.document._id}`);
        }
        return stores.documents.write(collection, operations);
      },
    });
    await host.reached((await stores.events.head())!);
    written.length = 0;
    host.host.rebuild('parcels');
    await host.rebuilt();
    expect(written.sort()).toEqual([
      'depots@2 Aachen',
      'depots@2 Bremen',
      'depots@2 Celle',
      'parcels@2 1',
      'parcels@2 2',
    ]);
  });

  it('tells how far it has come', async () => {
    const fold = held();
    const write = held();
    const swap = held();
    let folded = 0;
    const host = await started(
      {
        write: async (collection, operations) => {
          if (collection.endsWith('@2')) await write.pass();
          return stores.documents.write(collection, operations);
        },
        swapVersion: async (...call) => {
          await swap.pass();
          return stores.documents.swapVersion(...call);
        },
      },
      {
        readAll: async function* (options = {}) {
          for await (const event of stores.events.readAll(options)) {
            if (options.direction !== 'backwards' && (folded += 1) > 2_000) await fold.pass();
            yield event;
          }
        },
      },
    );
    const scans = Array.from({ length: 2_000 }, (_, index) => moved('parcel-1', index % 2 === 0 ? 'Bremen' : 'Celle'));
    await sorter.append([posted('parcel-1'), ...scans]);
    const events = await log();
    const head = events.at(-1)!.position;
    await host.reached(head);
    const made = { version: 2, startedAt: new Date(clock.now()).toISOString() };
    const rebuild = async () => (await host.status()).rebuild;

    host.host.rebuild('parcels');
    expect(await rebuild()).toEqual({ ...made, events: 0, position: null, phase: 'folding' });
    await fold.arrived();
    expect(await rebuild()).toEqual({ ...made, events: 2_000, position: events[1_999]!.position, phase: 'folding' });
    clock.advance(5_000);
    fold.open();
    await write.arrived();
    expect(await rebuild()).toEqual({ ...made, events: 2_001, position: head, phase: 'writing' });
    expect(await host.status()).toMatchObject({ version: 1, position: head, lagMs: 0 });
    write.open();
    await swap.arrived();
    expect(await rebuild()).toEqual({ ...made, events: 2_001, position: head, phase: 'joining' });
    swap.open();
    await host.rebuilt();
    expect(await host.status()).toMatchObject({ version: 2, position: head, lagMs: 0 });
  });

  it('begins from nothing, too', async () => {
    const host = await started();
    host.host.rebuild('parcels');
    await host.rebuilt();
    expect((await host.status()).version).toBe(2);
    await host.reached(await sorter.append(start));
    expect(await queried()).toEqual(plainFold(await log()));
  });

  describe('while events keep arriving', () => {
    it('leaves no gap between the versions: queries see one or the other complete', async () => {
      const write = held();
      const swap = held();
      const host = await started({
        write: async (collection, operations) => {
          if (collection === 'parcels@2') await write.pass();
          return stores.documents.write(collection, operations);
        },
        swapVersion: async (...call) => {
          await swap.pass();
          return stores.documents.swapVersion(...call);
        },
      });
      const expectComplete = async (changes: readonly ParcelChange[]) => {
        await host.reached(await sorter.append(changes));
        expect(await queried()).toEqual(plainFold(await log()));
      };
      await expectComplete(start);
      host.host.rebuild('parcels');
      await write.arrived();
      await expectComplete([posted('parcel-3'), moved('parcel-2', 'Celle')]);
      await expectComplete([posted('letter-2')]);
      write.open();
      await swap.arrived();
      await expectComplete([moved('parcel-3', 'Bremen'), posted('parcel-4')]);
      expect(await stores.documents.liveVersion('parcels')).toBe(1);
      swap.open();
      await host.rebuilt();
      expect(await stores.documents.liveVersion('parcels')).toBe(2);
      expect(await queried()).toEqual(plainFold(await log()));
      await expectComplete([moved('parcel-4', 'Celle'), posted('parcel-5')]);
      expect(host.troubles).toEqual([]);
    });

    it('misses none that came while the joined version could not be written', async () => {
      const swap = held();
      let away = false;
      const host = await started({
        write: (collection, operations) =>
          away && collection === 'parcels@2'
            ? Promise.reject(new StoreUnavailable('away'))
            : stores.documents.write(collection, operations),
        swapVersion: async (...call) => {
          await swap.pass();
          return stores.documents.swapVersion(...call);
        },
      });
      await host.reached(await sorter.append(start));
      host.host.rebuild('parcels');
      await swap.arrived();
      away = true;
      const missed = await sorter.append([posted('parcel-3'), moved('parcel-2', 'Celle')]);
      await until(() => host.troubles.length > 0);
      away = false;
      clock.advance(100);
      await host.reached(missed);
      swap.open();
      await host.rebuilt();
      expect(await version(2)).toEqual(plainFold(await log()));
      expect(await version(1)).toEqual(plainFold(await log()));
    });

    it('in any order of appends, deliveries and writes, each query gets a fold of all that was there when it began', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(anyChange, { minLength: 1, maxLength: 10 }),
          fc.array(anyChange, { minLength: 1, maxLength: 15 }),
          fc.scheduler(),
          async (before, during, scheduler) => {
            const own = await openStores();
            const writer = new Sorter(own);
            const step = () => scheduler.schedule(Promise.resolve());
            const documents = altered<ReadStore>(own.documents, {
              write: async (...call) => (await step(), own.documents.write(...call)),
              swapVersion: async (...call) => (await step(), own.documents.swapVersion(...call)),
            });
            const { host, reached, rebuilt, troubles } = bound(new ParcelHost({ events: own.events, documents }));
            const running = async () => {
              await host.start();
              await reached(await writer.append(before));
              host.rebuild('parcels');
              for (const change of during) {
                await step();
                const reflected = host.position;
                const model = await storedModel(own.documents, await own.documents.liveVersion('parcels'));
                expectNoOlder(model, await writer.log(), reflected);
                await writer.append([change]);
              }
              await rebuilt();
              await reached((await own.events.head())!);
            };
            try {
              await scheduler.waitFor(running());
              const expected = plainFold(await writer.log());
              expect(await storedModel(own.documents, 2)).toEqual(expected);
              expect(await storedModel(own.documents, 1)).toEqual(expected);
              expect(troubles).toEqual([]);
            } finally {
              await scheduler.waitFor(host.stop());
              await own.close();
            }
          },
        ),
        { numRuns: 40 },
      );
    });
  });

  describe('keeps the version that it replaced', () => {
    it('fed for a minute, and then drops it', async () => {
      const host = await started();
      await host.reached(await sorter.append(start));
      host.host.rebuild('parcels');
      await host.rebuilt();
      await inGrace();
      await host.reached(await sorter.append([posted('parcel-3')]));
      expect(await version(1)).toEqual(plainFold(await log()));
      clock.advance(graceMs - 1);
      await host.reached(await sorter.append([posted('parcel-4')]));
      expect(await version(1)).toEqual(plainFold(await log()));
      clock.advance(1);
      await until(async () => !(await collections(1)).includes(true));
      await host.reached(await sorter.append([posted('parcel-5')]));
      expect(await version(2)).toEqual(plainFold(await log()));
      expect(await collections(2)).toEqual(present);
      expect(host.troubles).toEqual([]);
    });

    it('until the next start, where its process ends before', async () => {
      const first = await started();
      await first.reached(await sorter.append(start));
      first.host.rebuild('parcels');
      await first.rebuilt();
      await first.host.stop();
      expect(await collections(1)).toEqual(present);
      const second = await started();
      expect(await collections(1)).toEqual(absent);
      await second.reached(await sorter.append([posted('parcel-3')]));
      expect(await version(2)).toEqual(plainFold(await log()));
    });

    it('while the next rebuild may begin, guarded as ever when the grace ends', async () => {
      const write = held();
      const host = await started({
        write: async (collection, operations) => {
          if (collection === 'parcels@3') await write.pass();
          return stores.documents.write(collection, operations);
        },
      });
      await host.reached(await sorter.append(start));
      host.host.rebuild('parcels');
      await host.rebuilt();
      await inGrace();
      host.host.rebuild('parcels');
      await write.arrived();
      clock.advance(graceMs);
      await until(async () => !(await collections(1)).includes(true));
      await host.reached(await sorter.append([posted('parcel-3')]));
      expect((await host.status()).rebuild).toMatchObject({ version: 3, phase: 'writing' });
      expect(() => {
        host.host.rebuild('parcels');
      }).toThrow(expect.objectContaining({ code: 'projection.rebuilding' }));
      write.open();
      await host.rebuilt();
      expect(await version(3)).toEqual(plainFold(await log()));
    });
  });

  it('is refused while one is running, from the first moment on', async () => {
    const host = await started();
    await host.reached(await sorter.append(start));
    host.host.rebuild('parcels');
    expect(() => {
      host.host.rebuild('parcels');
    }).toThrow(expect.objectContaining({ kind: 'conflict', code: 'projection.rebuilding' }));
    await host.rebuilt();
    expect(await stores.documents.liveVersion('parcels')).toBe(2);
  });

  describe('that fails', () => {
    /** The parts of the store that a rebuild needs, one after the other. */
    const points: readonly (readonly [string, (fail: () => Promise<void>) => Partial<ReadStore>])[] = [
      [
        'making collections',
        (fail) => ({
          ensureCollection: (spec) => fail2(spec.name, fail, () => stores.documents.ensureCollection(spec)),
        }),
      ],
      [
        'writing counters',
        (fail) => ({
          write: (name, ...rest) => (name === 'depots@2' ? fail() : stores.documents.write(name, ...rest)),
        }),
      ],
      [
        'writing documents',
        (fail) => ({ write: (name, ...rest) => fail2(name, fail, () => stores.documents.write(name, ...rest)) }),
      ],
      [
        'writing its checkpoint',
        (fail) => ({
          writeCheckpoint: (name, ...rest) => fail2(name, fail, () => stores.documents.writeCheckpoint(name, ...rest)),
        }),
      ],
      ['the swap', (fail) => ({ swapVersion: () => fail() })],
    ];
    const fail2 = (name: string, fail: () => Promise<void>, otherwise: () => Promise<void>) =>
      name.endsWith('@2') ? fail() : otherwise();

    it.each(points)('at %s says so, leaves the live version alone, and may be tried again', async (_, pointAt) => {
      let away = true;
      const failing = pointAt(() => Promise.reject(new StoreUnavailable('disk full')));
      const names = Object.keys(failing) as (keyof ReadStore)[];
      const sometimes = Object.fromEntries(
        names.map((name) => [
          name,
          (...call: unknown[]) =>
            (((away ? failing[name] : undefined) ?? stores.documents[name]) as (...rest: unknown[]) => unknown).apply(
              stores.documents,
              call,
            ),
        ]),
      );
      const host = await started(sometimes);
      await host.reached(await sorter.append(start));
      host.host.rebuild('parcels');
      await host.rebuilt();
      await until(() => host.troubles.length > 0);
      expect(host.troubles).toEqual([{ error: new StoreUnavailable('disk full'), fatal: false }]);
      await host.reached(await sorter.append([posted('parcel-3')]));
      expect(await stores.documents.liveVersion('parcels')).toBe(1);
      expect(await queried()).toEqual(plainFold(await log()));
      away = false;
      host.host.rebuild('parcels');
      await host.rebuilt();
      await host.reached(await sorter.append([posted('parcel-4')]));
      expect(await stores.documents.liveVersion('parcels')).toBe(2);
      expect(await queried()).toEqual(plainFold(await log()));
      expect(host.troubles).toHaveLength(1);
    });

    it('while it catches up with the pump ends, and may be tried again', async () => {
      const checkpoint = held();
      let away = false;
      const host = await started({
        writeCheckpoint: async (name, ...rest) => {
          await stores.documents.writeCheckpoint(name, ...rest);
          if (name === 'parcels@2') await checkpoint.pass();
        },
        write: (name, operations) =>
          away && name === 'parcels@2'
            ? Promise.reject(new StoreUnavailable('disk full'))
            : stores.documents.write(name, operations),
      });
      await host.reached(await sorter.append(start));
      host.host.rebuild('parcels');
      await checkpoint.arrived();
      await host.reached(await sorter.append([posted('parcel-3')]));
      away = true;
      checkpoint.open();
      await host.rebuilt();
      await until(() => host.troubles.length > 0);
      expect(host.troubles).toEqual([{ error: new StoreUnavailable('disk full'), fatal: false }]);
      away = false;
      host.host.rebuild('parcels');
      await host.rebuilt();
      expect(await version(2)).toEqual(plainFold(await log()));
    });
  });

  describe('that is interrupted', () => {
    it('by a stop says nothing, and leaves no collections behind after the next start', async () => {
      const write = held();
      const first = await started({
        write: async (collection, operations) => {
          await stores.documents.write(collection, operations);
          if (collection === 'depots@2') await write.pass();
        },
      });
      await first.reached(await sorter.append(start));
      first.host.rebuild('parcels');
      await write.arrived();
      const stopped = first.host.stop();
      write.open();
      await stopped;
      expect(first.troubles).toEqual([]);
      expect(await collections(2)).toEqual(present);
      const second = await started();
      expect(await collections(2)).toEqual(absent);
      expect((await second.status()).version).toBe(1);
      await second.reached(await sorter.append([posted('parcel-3')]));
      expect(await version(1)).toEqual(plainFold(await log()));
    });

    it('by the death of its process at any change of the store leaves one version, complete, after the next start', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(anyChange, { minLength: 1, maxLength: 12 }),
          fc.array(anyChange, { maxLength: 4 }),
          deathWithin(24),
          async (before, after, death) => {
            const own = await openStores();
            const writer = new Sorter(own);
            try {
              const head = await writer.append(before);
              const doomed = bound(
                new ParcelHost({ events: own.events, documents: mortalStore(own.documents, death) }),
              );
              await doomed.host
                .start()
                .then(() => until(() => doomed.troubles.length > 0 || doomed.host.position >= head))
                .then(() => {
                  doomed.host.rebuild('parcels');
                  return doomed.rebuilt();
                })
                .catch((error: unknown) => {
                  expect(error).toMatchObject({ message: 'killed' });
                });
              await doomed.host.stop();

              const next = bound(new ParcelHost(own));
              await next.host.start();
              const live = await own.documents.liveVersion('parcels');
              for (const other of [live - 1, live + 1]) {
                for (const name of ['parcels', 'depots', 'tags']) {
                  expect(await hasCollection(own.documents, `${name}@${other}`)).toBe(false);
                }
              }
              await writer.append(after);
              await next.reached((await own.events.head())!);
              expect(await storedModel(own.documents, live)).toEqual(plainFold(await writer.log()));
              next.host.rebuild('parcels');
              await next.rebuilt();
              expect(await storedModel(own.documents, live + 1)).toEqual(plainFold(await writer.log()));
              await next.host.stop();
              expect(next.troubles).toEqual([]);
            } finally {
              await own.close();
            }
          },
        ),
        { numRuns: 60 },
      );
    });
  });
});

/** The methods of a host, free to be handed around. */
const bound = (host: ParcelHost) => ({
  host: host.host,
  troubles: host.troubles,
  reached: (position: string) => host.reached(position),
  rebuilt: () => host.rebuilt(),
});

/** Each document stands where the log had it at some moment, none before the moment given. */
function expectNoOlder({ documents }: Model, events: readonly RecordedEvent[], moment: string): void {
  const states = events.map(
    ({ position }) => plainFold(events.filter((event) => event.position <= position)).documents,
  );
  const since = states.filter((_, index) => events[index]!.position >= moment);
  for (const id of ['1', '2', '3']) {
    const possible = since.map((state) => state.find(({ _id }) => _id === id) ?? null);
    expect(possible).toContainEqual(documents.find(({ _id }) => _id === id) ?? null);
  }
}
