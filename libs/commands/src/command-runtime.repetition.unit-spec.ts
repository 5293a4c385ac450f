import { type EventStore, OutcomeUnknown } from '@faultline/event-store';
import { ManualClock, randomId, StoreUnavailable } from '@faultline/kernel';
import { altered, openStores, type Stores } from '../../../test/support/stores';
import { LogbookDesk, recorded } from './testing/logbook';

type Append = EventStore['append'];

describe('a command that comes again', () => {
  const commandId = 'b1c5bf5e-52c7-4d0e-9d54-0a1c1b9d3c11';
  const once = { commandId, commandDigest: 'digest-1' };
  let stores: Stores;
  let clock: ManualClock;
  let desk: LogbookDesk;

  beforeEach(async () => {
    stores = await openStores();
    clock = new ManualClock();
    desk = another();
    await desk.open('logbook-1');
  });

  afterEach(() => stores.close());

  const another = (store: EventStore = stores.events) => new LogbookDesk(store, stores.keys, clock);
  const lines = async () => (await recorded(stores.events, 'logbook-1')).length - 1;

  it('is answered as before and appends nothing', async () => {
    const first = await desk.write('logbook-1', ['one', 'two'], once);
    clock.advance(1_000);
    const again = await desk.write('logbook-1', ['one', 'two'], once);
    expect(first.repeated).toBe(false);
    expect(again).toEqual({ ...first, repeated: true });
    expect(await lines()).toBe(2);
  });

  it('is known to a process that has only the log', async () => {
    const first = await desk.write('logbook-1', ['one', 'two'], once);
    await expect(another().write('logbook-1', ['one', 'two'], once)).resolves.toEqual({ ...first, repeated: true });
    expect(await lines()).toBe(2);
  });

  it('is answered with its own revision and position after others have gone on', async () => {
    const first = await desk.write('logbook-1', ['one', 'two'], once);
    await desk.write('logbook-1', ['three']);
    for (const process of [desk, another()]) {
      const again = await process.write('logbook-1', ['one', 'two'], once);
      expect(again).toMatchObject({ revision: 2, position: first.position, repeated: true });
    }
    expect(await lines()).toBe(3);
  });

  it('is answered though rules or the expected revision would refuse it by now', async () => {
    await desk.write('logbook-1', ['one'], { ...once, expectedRevision: 0, lines: 1 });
    const again = desk.write('logbook-1', ['one'], { ...once, expectedRevision: 0, lines: 1 });
    await expect(again).resolves.toMatchObject({ revision: 1, repeated: true });
  });

  it.each([['another digest', 'digest-2'] as const, ['no digest', undefined] as const])(
    'is refused with %s',
    async (_, commandDigest) => {
      await desk.write('logbook-1', ['one'], once);
      for (const process of [desk, another()]) {
        await expect(process.write('logbook-1', ['other'], { commandId, commandDigest })).rejects.toMatchObject({
          kind: 'conflict',
          code: 'idempotency.other-body',
          fields: { revision: 1 },
        });
      }
      expect(await lines()).toBe(1);
    },
  );

  it('at the same time is carried out once', async () => {
    const outcomes = await Promise.all([1, 2, 3].map(() => desk.write('logbook-1', ['one'], once)));
    expect(outcomes.map(({ repeated }) => repeated)).toEqual([false, true, true]);
    expect(await lines()).toBe(1);
  });

  it('at the same time on two processes is carried out once', async () => {
    const outcomes = await Promise.all([desk, another()].map((process) => process.write('logbook-1', ['one'], once)));
    expect(outcomes.map(({ revision }) => revision)).toEqual([1, 1]);
    expect(await lines()).toBe(1);
  });

  it('is carried out if it was refused before', async () => {
    await expect(desk.write('logbook-1', ['one'], { ...once, lines: 0 })).rejects.toMatchObject({
      code: 'logbook.full',
    });
    await expect(desk.write('logbook-1', ['one'], once)).resolves.toMatchObject({ revision: 1, repeated: false });
  });

  it('is another command in another stream', async () => {
    await desk.open('logbook-2', once);
    await expect(desk.write('logbook-1', ['one'], once)).resolves.toMatchObject({ repeated: false });
  });

  describe('because the answer of the store was lost', () => {
    /** Loses the first `count` answers: of appends that were made, or of such as never arrived. */
    const losing = (count: number, { made }: { made: boolean }) => {
      const calls: Parameters<Append>[] = [];
      const append: Append = async (...call) => {
        calls.push(call);
        const lost = calls.length <= count;
        if (lost && !made) throw new OutcomeUnknown('no answer');
        const result = await stores.events.append(...call);
        if (lost) throw new OutcomeUnknown('no answer');
        return result;
      };
      return { calls, desk: another(altered(stores.events, { append })) };
    };

    it.each([true, false])('repeats the very same append (made: %s), and one event stands', async (made) => {
      const { calls, desk: unlucky } = losing(2, { made });
      const outcome = await unlucky.write('logbook-1', ['one'], once);
      expect(calls).toHaveLength(3);
      expect(calls[2]).toEqual(calls[0]);
      expect(outcome).toMatchObject({ revision: 1, repeated: false });
      expect(outcome.position).toBe(await stores.events.head());
      expect(await lines()).toBe(1);
    });

    it('finds its event though another writer came after it', async () => {
      let lost = false;
      const append: Append = async (...call) => {
        const result = await stores.events.append(...call);
        if (lost) return result;
        lost = true;
        await desk.write('logbook-1', ['by another']);
        throw new OutcomeUnknown('no answer');
      };
      const outcome = await another(altered(stores.events, { append })).write('logbook-1', ['one'], once);
      expect(outcome).toMatchObject({ revision: 1, repeated: false });
      expect(await lines()).toBe(2);
    });

    it('gives up in the end with what it does not know, and the retry of the caller tells', async () => {
      const { desk: unlucky } = losing(5, { made: true });
      const failed = unlucky.write('logbook-1', ['one'], once);
      await expect(failed).rejects.toThrow(OutcomeUnknown);
      await expect(failed).rejects.toThrow(StoreUnavailable);
      await expect(unlucky.write('logbook-1', ['one'], once)).resolves.toMatchObject({ revision: 1, repeated: true });
      expect(await lines()).toBe(1);
    });

    it('the retry of the caller carries it out where nothing had arrived', async () => {
      const { desk: unlucky } = losing(5, { made: false });
      await expect(unlucky.write('logbook-1', ['one'], once)).rejects.toThrow(OutcomeUnknown);
      await expect(unlucky.write('logbook-1', ['one'], once)).resolves.toMatchObject({ revision: 1, repeated: false });
      expect(await lines()).toBe(1);
    });

    it('does not repeat an append that has failed for certain', async () => {
      let calls = 0;
      const append: Append = () => {
        calls += 1;
        return Promise.reject(new StoreUnavailable('disk full'));
      };
      const unlucky = another(altered(stores.events, { append }));
      await expect(unlucky.write('logbook-1', ['one'], { commandId: randomId() })).rejects.toThrow('disk full');
      expect(calls).toBe(1);
    });
  });
});
