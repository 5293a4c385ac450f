import { type EventStore, formatPosition, InvalidPosition } from '@faultline/event-store';
import { ManualClock, StoreUnavailable } from '@faultline/kernel';
import { FencedOff, type ReadStore } from '@faultline/read-store';
import * as fc from 'fast-check';
import { altered, gate, openStores, type Stores } from '../../../test/support/stores';
import { PoisonEvent } from './poison-event';
import { type Projection } from './projection';
import { type ProjectionServices } from './projection-host';
import { deathWithin, mortalStore } from './testing/mortal-store';
import { hasCollection, ParcelHost, Sorter, until } from './testing/parcel-host';
import { anyChange, type ParcelChange, parcelProjection, plainFold, storedModel } from './testing/parcels';

const posted = (parcel: string, depot = 'Aachen'): ParcelChange => ({
  parcel,
  step: { type: 'ParcelPosted', data: { depot } },
});
const moved = (parcel: string, depot: string): ParcelChange => ({
  parcel,
  step: { type: 'ParcelMoved', data: { depot } },
});

describe('the projection host', () => {
  let stores: Stores;
  let sorter: Sorter;
  let clock: ManualClock;
  let hosts: ParcelHost[];

  beforeEach(async () => {
    stores = await openStores();
    clock = new ManualClock();
    sorter = new Sorter(stores, () => clock.now());
    hosts = [];
  });

  afterEach(async () => {
    for (const { host } of hosts) await host.stop();
    await stores.close();
  });

  const hosting = (more: ConstructorParameters<typeof ParcelHost>[1] = {}) => {
    const host = new ParcelHost(stores, { clock, ...more });
    hosts.push(host);
    return host;
  };

  const started = async (more: ConstructorParameters<typeof ParcelHost>[1] = {}) => {
    const host = hosting(more);
    await host.host.start();
    return host;
  };

  const stored = () => storedModel(stores.documents, 1);
  const checkpoint = async () => (await stores.documents.readCheckpoint('parcels@1'))?.position;

  it('folds what was there before it, and what comes', async () => {
    await sorter.append([posted('parcel-1'), posted('letter-1')]);
    const host = await started();
    await host.reached(await sorter.append([posted('parcel-2'), moved('parcel-1', 'Bremen')]));
    expect(await stored()).toEqual(plainFold(await sorter.log()));
    expect(host.troubles).toEqual([]);
  });

  it('feeds each projection what concerns it, and moves all of them', async () => {
    const letters: Projection = {
      ...parcelProjection('-of-letters'),
      streamPrefixes: ['letter-'],
      keyOf: ({ stream }) => stream,
    };
    const host = await started({ projections: [parcelProjection(), letters] });
    const position = await sorter.append([posted('parcel-1'), posted('letter-1')]);
    await host.reached(position);
    expect(await stores.documents.find('parcels-of-letters@1')).toMatchObject([{ _id: 'letter-1' }]);
    expect((await stored()).documents.map(({ _id }) => _id)).toEqual(['1']);
    expect((await host.host.status()).map((status) => status.position)).toEqual([position, position]);
  });

  it('tells how far it has come, only once it has', async () => {
    const seen: string[] = [];
    const host: ParcelHost = hosting({
      onPosition: (position) => {
        seen.push(position);
        expect(host.host.position).toBe(position);
      },
    });
    await host.host.start();
    const position = await sorter.append([posted('parcel-1')]);
    await host.reached(position);
    await until(() => seen.includes(position));
    expect(seen).toEqual([...seen].sort());
  });

  it('gives projections events in clear text', async () => {
    const open: ProjectionServices['open'] = async (events) =>
      events.map((event) => ({ ...event, data: { depot: 'Hamburg' } }));
    const host = await started({ open });
    await host.reached(await sorter.append([posted('parcel-1')]));
    expect((await stored()).documents).toMatchObject([{ depot: 'Hamburg' }]);
  });

  it('finishes the batch at hand when it is stopped, and takes up there', async () => {
    const { opened, open } = gate();
    let arrived = false;
    const write: ReadStore['write'] = async (...call) => {
      arrived = true;
      await opened;
      return stores.documents.write(...call);
    };
    const first = await started({ store: altered<ReadStore>(stores.documents, { write }) });
    const position = await sorter.append([posted('parcel-1')]);
    await until(() => arrived);
    const stopped = first.host.stop();
    open();
    await stopped;
    expect(await checkpoint()).toBe(position);
    const second = await started();
    await second.reached(await sorter.append([posted('parcel-1', 'Celle')]));
    expect(await stored()).toEqual(plainFold(await sorter.log()));
  });

  describe('tells the age of the newest event that a model has not seen', () => {
    it('null and 0 on an empty log', async () => {
      const host = await started();
      expect(await host.status()).toEqual({ name: 'parcels', version: 1, position: null, lagMs: 0, rebuild: null });
    });

    it('0 at the end of the log, however old its events are', async () => {
      const host = await started();
      const position = await sorter.append([posted('parcel-1')]);
      await host.reached(position);
      clock.advance(86_400_000);
      expect(await host.status()).toMatchObject({ position, lagMs: 0 });
    });

    it('growing with the clock while a model is behind', async () => {
      const { opened, open } = gate();
      let hold = false;
      const write: ReadStore['write'] = async (...call) => {
        if (hold) await opened;
        return stores.documents.write(...call);
      };
      const host = await started({ store: altered<ReadStore>(stores.documents, { write }) });
      await host.reached(await sorter.append([posted('parcel-1')]));
      clock.advance(3_600_000);
      hold = true;
      const position = await sorter.append([posted('parcel-2')]);
      expect((await host.status()).lagMs).toBe(0);
      clock.advance(1_500);
      expect((await host.status()).lagMs).toBe(1_500);
      await sorter.append([posted('parcel-3')]);
      clock.advance(200);
      expect((await host.status()).lagMs).toBe(200);
      open();
      await host.reached(position);
      await host.reached((await stores.events.head())!);
      expect((await host.status()).lagMs).toBe(0);
    });

    it('before anything was delivered, too', async () => {
      await sorter.append([posted('parcel-1')]);
      clock.advance(5_000);
      expect(await hosting().status()).toMatchObject({ position: null, lagMs: 5_000 });
    });
  });

  describe('when the read store fails for a while', () => {
    it('reports it, waits longer each time, and then goes on where it was', async () => {
      let away = true;
      const write: ReadStore['write'] = (...call) =>
        away ? Promise.reject(new StoreUnavailable('read store away')) : stores.documents.write(...call);
      const waits: number[] = [];
      const patient = altered(clock, {
        wait: (milliseconds, signal) => {
          waits.push(milliseconds);
          return clock.wait(milliseconds, signal);
        },
      });
      const host = await started({ store: altered<ReadStore>(stores.documents, { write }), clock: patient });
      const position = await sorter.append([posted('parcel-1')]);
      for (let nth = 1; nth <= 12; nth += 1) {
        await until(() => waits.length === nth);
        expect(await checkpoint()).toBeUndefined();
        clock.advance(waits.at(-1)!);
      }
      await until(() => waits.length === 13);
      away = false;
      clock.advance(waits.at(-1)!);
      await host.reached(position);
      expect(waits.slice(0, 3)).toEqual([100, 150, 225]);
      expect(waits.slice(-2)).toEqual([5_000, 5_000]);
      expect(host.troubles).toHaveLength(13);
      expect(host.troubles[0]).toEqual({ error: new StoreUnavailable('read store away'), fatal: false });
      expect(host.host.failure).toBeUndefined();
      expect(await stored()).toEqual(plainFold(await sorter.log()));
    });

    it('an event that does not open holds its checkpoint back until it does', async () => {
      let locked = true;
      const host = await started({
        open: async (events) => {
          if (locked && events.some(({ stream }) => stream === 'parcel-2')) throw new Error('a field does not open');
          return events;
        },
      });
      const before = await sorter.append([posted('parcel-1')]);
      await host.reached(before);
      const position = await sorter.append([posted('parcel-2')]);
      await until(() => host.troubles.length > 0);
      expect(host.troubles).toEqual([{ error: new Error('a field does not open'), fatal: false }]);
      expect(await checkpoint()).toBe(before);
      locked = false;
      clock.advance(100);
      await host.reached(position);
      expect(await stored()).toEqual(plainFold(await sorter.log()));
    });
  });

  describe('stops for good, and says why', () => {
    const stopped = async (host: ParcelHost) => {
      await until(() => host.host.failure !== undefined);
      expect(host.troubles).toEqual([{ error: host.host.failure, fatal: true }]);
      return host.host.failure;
    };

    it('at an event that a projection cannot take in, before its checkpoint', async () => {
      const clumsy: Projection = {
        ...parcelProjection(),
        apply: (document, event) => {
          if (event.type === 'ParcelMoved') throw new TypeError('no such road');
          return parcelProjection().apply(document as never, event);
        },
      };
      const host = await started({ projections: [clumsy] });
      const before = await sorter.append([posted('parcel-1')]);
      await host.reached(before);
      const poison = await sorter.append([moved('parcel-1', 'Bremen')]);
      const failure = await stopped(host);
      expect(failure).toBeInstanceOf(PoisonEvent);
      expect((failure as Error).message).toBe(
        `Projection parcels fails at ParcelMoved (parcel-1, revision 1, position ${poison}): no such road`,
      );
      await sorter.append([posted('parcel-2')]);
      clock.advance(60_000);
      expect(await checkpoint()).toBe(before);
      expect(host.host.position).toBe(before);
      await host.host.stop();

      const mended = await started();
      await mended.reached((await stores.events.head())!);
      expect(await stored()).toEqual(plainFold(await sorter.log()));
    });

    it('when another owner has taken over', async () => {
      const host = await started();
      const before = await sorter.append([posted('parcel-1')]);
      await host.reached(before);
      await stores.documents.writeCheckpoint('parcels@1', { position: before, epoch: 7, owner: 'another' });
      await sorter.append([posted('parcel-2')]);
      expect(await stopped(host)).toBeInstanceOf(FencedOff);
      expect(await stores.documents.readCheckpoint('parcels@1')).toEqual({
        position: before,
        epoch: 7,
        owner: 'another',
      });
      expect(host.host.position).toBe(before);
    });

    it('when its checkpoint lies beyond the end of the log', async () => {
      await sorter.append([posted('parcel-1')]);
      const beyond = { position: formatPosition(99, 99), epoch: 1, owner: 'embedded' };
      await stores.documents.writeCheckpoint('parcels@1', beyond);
      const host = await started();
      expect(await stopped(host)).toBeInstanceOf(InvalidPosition);
    });
  });

  it('refuses to rebuild what does not exist', async () => {
    const host = await started();
    expect(() => {
      host.host.rebuild('letters');
    }).toThrow(expect.objectContaining({ kind: 'not-found', code: 'projection.unknown' }));
  });

  it('removes at the start what a rebuild left behind on either side of the live version', async () => {
    await stores.documents.swapVersion('parcels', 2, 1);
    const left = [1, 3].flatMap((version) => ['parcels', 'depots', 'tags'].map((name) => `${name}@${version}`));
    for (const name of left) await stores.documents.ensureCollection({ name, indexes: [] });
    const host = await started();
    for (const name of left) expect(await hasCollection(stores.documents, name)).toBe(false);
    await host.reached(await sorter.append([posted('parcel-1')]));
    expect(await storedModel(stores.documents, 2)).toEqual(plainFold(await sorter.log()));
    expect((await host.status()).version).toBe(2);
  });

  it('ends as a plain fold, however its batches fall and however often its process is killed', async () => {
    const life = fc.record({ death: deathWithin(20), batchSize: fc.integer({ min: 1, max: 5 }) });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(anyChange, { maxLength: 6 }), { minLength: 1, maxLength: 4 }),
        fc.array(life, { maxLength: 4 }),
        async (portions, lives) => {
          const own = await openStores();
          const writer = new Sorter(own);
          const subscribing = (batchSize: number): EventStore =>
            altered<EventStore>(own.events, {
              subscribe: (options) => own.events.subscribe({ ...options, batchSize }),
            });
          try {
            for (const [index, portion] of portions.entries()) {
              await writer.append(portion);
              const doomed = lives[index];
              if (!doomed) continue;
              const documents = mortalStore(own.documents, doomed.death);
              const host = new ParcelHost({ events: subscribing(doomed.batchSize), documents });
              const head = (await own.events.head()) ?? '';
              await host.host
                .start()
                .then(() => until(() => host.troubles.length > 0 || host.host.position >= head))
                .catch((error: unknown) => {
                  expect(error).toMatchObject({ message: 'killed' });
                });
              await host.host.stop();
            }
            const last = new ParcelHost({ events: subscribing(3), documents: own.documents });
            await last.host.start();
            await last.reached((await own.events.head()) ?? '');
            await last.host.stop();
            expect(last.troubles).toEqual([]);
            expect(await storedModel(own.documents, 1)).toEqual(plainFold(await writer.log()));
          } finally {
            await own.close();
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});
