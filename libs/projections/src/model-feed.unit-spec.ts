import { startPosition } from '@faultline/event-store';
import { type RecordedEvent } from '@faultline/kernel';
import { FencedOff, type ReadDocument, type ReadStore } from '@faultline/read-store';
import * as fc from 'fast-check';
import { altered, openStores, type Stores } from '../../../test/support/stores';
import { ModelFeed } from './model-feed';
import { PoisonEvent } from './poison-event';
import { type Counter, type Projection } from './projection';
import { deathWithin, mortalStore } from './testing/mortal-store';
import {
  anyChange,
  type Parcel,
  type ParcelChange,
  parcelProjection,
  type ParcelStep,
  plainFold,
  recordedLog,
  storedModel,
} from './testing/parcels';

const owner = { epoch: 1, owner: 'embedded' };

const change = (parcel: string, type: ParcelStep['type'], data: object = {}): ParcelChange => ({
  parcel,
  step: { type, data } as ParcelStep,
});

const journey = recordedLog([
  change('parcel-1', 'ParcelPosted', { depot: 'Aachen' }),
  change('parcel-2', 'ParcelPosted', { depot: 'Aachen' }),
  change('parcel-1', 'ParcelWeighed', { grams: 700 }),
  change('parcel-1', 'ParcelMoved', { depot: 'Bremen' }),
  change('parcel-2', 'ParcelScanned'),
  change('letter-1', 'ParcelPosted', { depot: 'Celle' }),
]);

const end = (events: readonly RecordedEvent[]): string => events.at(-1)?.position ?? startPosition;

describe('the feed of a read model', () => {
  let stores: Stores;
  let run = 0;
  let projection: Projection;

  beforeAll(async () => {
    stores = await openStores();
  });

  afterAll(() => stores.close());

  beforeEach(() => {
    fresh();
  });

  /** A read model of its own within the store. */
  const fresh = () => {
    run += 1;
    projection = parcelProjection(`-${run}`);
  };

  const opened = async (store: ReadStore = stores.documents, model: Projection = projection) => {
    const feed = new ModelFeed(model, 1, store, owner);
    await feed.open();
    return feed;
  };

  const stored = () => storedModel(stores.documents, 1, projection as ReturnType<typeof parcelProjection>);
  const checkpoint = async () => (await stores.documents.readCheckpoint(`${projection.name}@1`))?.position;

  it('names the collections of its version', async () => {
    const feed = new ModelFeed(projection, 3, stores.documents, owner);
    expect(feed.collections).toEqual([`parcels-${run}@3`, `depots-${run}@3`, `tags-${run}@3`]);
    expect(feed.collection).toBe(`parcels-${run}@3`);
    await feed.open();
    expect(feed.position).toBe(startPosition);
  });

  it('folds events into documents that carry the position of what changed them last', async () => {
    const feed = await opened();
    await feed.process(journey, end(journey));
    expect(await stored()).toEqual({
      documents: [
        { _id: '1', depot: 'Bremen', grams: 700, tags: [], position: journey[3]!.position },
        { _id: '2', depot: 'Aachen', grams: 0, tags: [], position: journey[1]!.position },
      ],
      counters: [
        [
          {
            _id: 'Aachen',
            labels: { depot: 'Aachen' },
            counts: { grams: 0, parcels: 1 },
            position: journey[3]!.position,
          },
          {
            _id: 'Bremen',
            labels: { depot: 'Bremen' },
            counts: { grams: 700, parcels: 1 },
            position: journey[3]!.position,
          },
        ],
        [],
      ],
    });
    expect(await checkpoint()).toBe(end(journey));
    expect(feed.position).toBe(end(journey));
  });

  it('is the plain fold of the same events', async () => {
    await (await opened()).process(journey, end(journey));
    expect(await stored()).toEqual(plainFold(journey));
  });

  it('takes up where its checkpoint stands, and counts nothing twice that is delivered again', async () => {
    await (await opened()).process(journey.slice(0, 3), journey[2]!.position);
    const feed = await opened();
    expect(feed.position).toBe(journey[2]!.position);
    await feed.process(journey, end(journey));
    expect(await stored()).toEqual(plainFold(journey));
  });

  it('writes counting documents first, then documents, then the checkpoint', async () => {
    const calls: string[] = [];
    const watched = altered<ReadStore>(stores.documents, {
      write: (collection, operations) => {
        calls.push(collection);
        return stores.documents.write(collection, operations);
      },
      writeCheckpoint: (...call) => {
        calls.push('checkpoint');
        return stores.documents.writeCheckpoint(...call);
      },
    });
    await (await opened(watched)).process(journey, end(journey));
    expect(calls).toEqual([`depots-${run}@1`, `parcels-${run}@1`, 'checkpoint']);
  });

  it('moves past events that do not concern it, and makes that durable now and then', async () => {
    const feed = await opened();
    await feed.process(journey.slice(0, 5), journey[4]!.position);
    const letters = recordedLog(Array.from({ length: 2_006 }, () => change('letter-1', 'ParcelScanned'))).slice(5);
    await feed.process(letters.slice(0, 1_000), letters[999]!.position);
    expect(feed.position).toBe(letters[999]!.position);
    expect(await checkpoint()).toBe(journey[4]!.position);
    await feed.process(letters.slice(1_000), end(letters));
    expect(await checkpoint()).toBe(end(letters));
    expect(await stored()).toEqual(plainFold(journey));
  });

  it('never moves back', async () => {
    const feed = await opened();
    await feed.process(journey, end(journey));
    await feed.process(journey.slice(0, 2), journey[1]!.position);
    await feed.process([], startPosition);
    expect(feed.position).toBe(end(journey));
    expect(await checkpoint()).toBe(end(journey));
  });

  it('drops everything that belongs to its version', async () => {
    const feed = await opened();
    await feed.process(journey, end(journey));
    await feed.drop();
    expect(await stored()).toEqual({ documents: [], counters: [[], []] });
    const late = { kind: 'delete', id: 'x', position: startPosition } as const;
    for (const name of feed.collections) {
      await expect(stores.documents.write(name, [late])).rejects.toMatchObject({ name: 'UnknownCollection' });
    }
  });

  it('stops when an owner of a later epoch has written, its position left where it was', async () => {
    const feed = await opened();
    await feed.process(journey.slice(0, 2), journey[1]!.position);
    await stores.documents.writeCheckpoint(feed.collection, { position: journey[1]!.position, epoch: 2, owner: 'b' });
    await expect(feed.process(journey, end(journey))).rejects.toThrow(FencedOff);
    expect(feed.position).toBe(journey[1]!.position);
    expect(await checkpoint()).toBe(journey[1]!.position);
  });

  describe('a projection that fails', () => {
    const clumsy = (part: 'keyOf' | 'apply' | 'contributions'): Projection => {
      const trip = (event: RecordedEvent) => {
        if (event.type === 'ParcelMoved') throw new TypeError('no such road');
      };
      const failing: Counter['contributions'] = (document) => {
        if ((document as Parcel).depot === 'Bremen') throw new TypeError('no such road');
        return [];
      };
      return {
        ...projection,
        ...(part === 'keyOf' && { keyOf: (event) => (trip(event), projection.keyOf(event)) }),
        ...(part === 'apply' && { apply: (document, event) => (trip(event), projection.apply(document, event)) }),
        ...(part === 'contributions' && { counters: [{ name: `x-${run}`, indexes: [], contributions: failing }] }),
      };
    };

    it.each(['keyOf', 'apply', 'contributions'] as const)(
      'in %s names itself, the event and the cause',
      async (part) => {
        const feed = await opened(stores.documents, clumsy(part));
        await feed.process(journey.slice(0, 2), journey[1]!.position);
        const before = await stored();
        const failed: unknown = await feed.process(journey, end(journey)).catch((error: unknown) => error);
        expect(failed).toBeInstanceOf(PoisonEvent);
        expect(failed).toMatchObject({
          projection: projection.name,
          message:
            `Projection parcels-${run} fails at ParcelMoved (parcel-1, revision 2, position ` +
            `${journey[3]!.position}): no such road`,
          cause: new TypeError('no such road'),
        });
        expect(feed.position).toBe(journey[1]!.position);
        expect(await checkpoint()).toBe(journey[1]!.position);
        expect(await stored()).toEqual(before);
      },
    );
  });

  describe('whatever happens, and however often its process is killed', () => {
    const life = fc.record({
      death: deathWithin(12),
      batches: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 5 }),
      /** So many events are delivered once more. */
      again: fc.nat(3),
    });

    type Life = typeof life extends fc.Arbitrary<infer Value> ? Value : never;

    /** Delivers what stands after the checkpoint in batches, until the end of the log or of the process. */
    const live = async (
      store: ReadStore,
      events: readonly RecordedEvent[],
      { batches, again }: Omit<Life, 'death'>,
    ) => {
      const feed = await opened(store);
      const known = events.findIndex(({ position }) => position > feed.position);
      let from = Math.max(0, (known < 0 ? events.length : known) - again);
      for (let turn = 0; from < events.length; turn += 1) {
        const batch = events.slice(from, from + batches[turn % batches.length]!);
        await feed.process(batch, end(batch));
        from += batch.length;
      }
    };

    it('ends with the documents, counters and checkpoint of a plain fold', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(anyChange, { maxLength: 25 }),
          fc.array(life, { maxLength: 5 }),
          life,
          async (changes, lives, last) => {
            fresh();
            const events = recordedLog(changes);
            await (await opened()).drop();
            for (const { death, ...rest } of lives) {
              await opened();
              await live(mortalStore(stores.documents, death), events, rest).catch((error: unknown) => {
                expect(error).toMatchObject({ message: 'killed' });
              });
            }
            await live(stores.documents, events, last);
            expect(await stored()).toEqual(plainFold(events));
            const concerned = events.filter(({ stream }) => stream.startsWith('parcel-'));
            const reached = (await checkpoint()) ?? startPosition;
            expect(reached >= end(concerned) && reached <= end(events)).toBe(true);
            const feed = await opened();
            await feed.process(events, end(events));
            expect(await stored()).toEqual(plainFold(events));
            await feed.drop();
          },
        ),
        { numRuns: 400 },
      );
    });
  });

  // A tombstone guards the document against a late redelivery, but the fold does not see it: begun anew from nothing, it takes a step
  // that the document never took. No read model deletes documents so far.
  it.failing(
    'counts no step that a deleted document never took, were its events delivered again one by one',
    async () => {
      const first = (document: ReadDocument | null, event: RecordedEvent) =>
        document && event.type === 'ParcelPosted' ? document : projection.apply(document, event);
      const model = { ...projection, apply: first };
      const events = recordedLog([
        change('parcel-1', 'ParcelPosted', { depot: 'Aachen' }),
        change('parcel-1', 'ParcelPosted', { depot: 'Bremen' }),
        change('parcel-1', 'ParcelLost'),
      ]);
      await opened();
      const dying = await opened(
        mortalStore(stores.documents, { afterChanges: 5, lastDocuments: 0, noticed: true }),
        model,
      );
      await expect(dying.process(events, end(events))).rejects.toThrow('killed');
      expect(await checkpoint()).toBeUndefined();
      for (const event of events) await (await opened(stores.documents, model)).process([event], event.position);
      const [depots] = (await stored()).counters;
      expect(depots).toMatchObject([{ _id: 'Aachen', counts: { parcels: 0 } }]);
    },
  );
});
