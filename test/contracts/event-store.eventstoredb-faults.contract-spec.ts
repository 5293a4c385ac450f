import {
  type AppendResult,
  type Delivery,
  type EventStore,
  openEventStoreDbEventStore,
  OutcomeUnknown,
  type SubscribeOptions,
} from '@faultline/event-store';
import { type NewEvent, type RecordedEvent, StoreUnavailable } from '@faultline/kernel';
import { type EventStoreDbServer, startCluster, startEventStoreDbServer } from '../support/eventstoredb-server';
import { until } from '../support/until';
import { all, eventOf } from './event-store.contract';

const numbers = (events: readonly RecordedEvent[]): unknown[] => events.map(({ data }) => data['n']);
const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

/** Appends as the command runtime does: the same call again for as long as its outcome is unknown or the store is away. */
async function insist(store: EventStore, stream: string, expected: number | 'no-stream', events: readonly NewEvent[]) {
  for (;;) {
    try {
      return await store.append(stream, expected, events);
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
    }
  }
}

describe('EventStoreDB in trouble', () => {
  let server: EventStoreDbServer;
  let store: EventStore;
  const opened: EventStore[] = [];

  const open = async (options: { url?: string; deadlineMs?: number } = {}) => {
    const another = await openEventStoreDbEventStore({ url: server.connectionString, ...options });
    opened.push(another);
    return another;
  };

  beforeEach(async () => {
    server = await startEventStoreDbServer();
    store = await open();
  });

  afterEach(async () => {
    server.misbehave.heal();
    await Promise.all(opened.splice(0).map((each) => each.close()));
    await server.stop();
  });

  const begin = (n = 0): Promise<AppendResult> => store.append('s-1', 'no-stream', [eventOf({ n })]);

  /** Follows the log in the background until `enough` have come. */
  function follow(enough: number, options: Partial<SubscribeOptions> = {}) {
    const stop = new AbortController();
    const events: RecordedEvent[] = [];
    const deliveries: Delivery[] = [];
    const states: string[] = [];
    const onState = (state: string) => states.push(state);
    const done = (async () => {
      for await (const delivery of store.subscribe({ onState, ...options, signal: stop.signal })) {
        events.push(...delivery.events);
        deliveries.push(delivery);
        if (events.length >= enough) stop.abort();
      }
    })();
    // Whoever awaits it is told; until then it is not unhandled.
    done.catch(() => undefined);
    return { done, events, deliveries, states, stop };
  }

  const live = ({ deliveries }: { deliveries: readonly Delivery[] }) => until(() => deliveries.at(-1)?.live === true);

  describe('during an append', () => {
    it('loses nothing acknowledged and writes nothing twice when it is killed three times under 64 appends in flight', async () => {
      const perStream = 12;
      let acknowledged = 0;
      const writers = upTo(64).map(async (writer) => {
        const positions: string[] = [];
        for (let n = 0; n < perStream; n += 1) {
          const expected = n === 0 ? 'no-stream' : n - 1;
          const { revision, position } = await insist(store, `w-${writer}`, expected, [eventOf({ n })]);
          expect(revision).toBe(n);
          positions.push(position);
          acknowledged += 1;
        }
        return positions;
      });
      for (const share of [0.2, 0.4, 0.6]) {
        await until(() => acknowledged >= 64 * perStream * share);
        await server.kill();
        await server.restart();
      }
      const positions = await Promise.all(writers);
      for (const [writer, told] of positions.entries()) {
        const events = await all(store.readStream(`w-${writer}`));
        expect(numbers(events)).toEqual(upTo(perStream));
        expect(events.map(({ position }) => position)).toEqual(told);
      }
    });

    it.each(['dropBeforeCommit', 'dropAfterCommit'] as const)(
      'says that the outcome is unknown after %s; the same call again tells it, and writes once',
      async (fault) => {
        await begin();
        const events = [eventOf({ n: 1 }), eventOf({ n: 2 })];
        server.misbehave[fault]();
        await expect(store.append('s-1', 0, events)).rejects.toBeInstanceOf(OutcomeUnknown);
        const { revision, position } = await store.append('s-1', 0, events);
        const written = await all(store.readStream('s-1'));
        expect(revision).toBe(2);
        expect(position).toBe(written.at(-1)?.position);
        expect(numbers(written)).toEqual([0, 1, 2]);
      },
    );

    it('does not wait for a server that has stalled, and goes on once it is back', async () => {
      const hasty = await open({ deadlineMs: 300 });
      await begin();
      await hasty.head();
      server.misbehave.stall();
      const events = upTo(64).map((n) => [eventOf({ n })]);
      const outcomes = await Promise.allSettled(events.map((event, n) => hasty.append(`t-${n}`, 'no-stream', event)));
      for (const outcome of outcomes) {
        expect(outcome).toMatchObject({ status: 'rejected', reason: expect.any(OutcomeUnknown) });
      }
      await expect(hasty.head()).rejects.toBeInstanceOf(StoreUnavailable);
      await expect(all(hasty.readStream('s-1'))).rejects.toBeInstanceOf(StoreUnavailable);
      server.misbehave.resume();
      await Promise.all(events.map((event, n) => insist(hasty, `t-${n}`, 'no-stream', event)));
      expect(await all(hasty.readAll())).toHaveLength(65);
    });

    it('knows that nothing was sent where the server has never answered', async () => {
      server.misbehave.stall();
      const hasty = await open({ url: `${server.connectionString}&connectionName=hasty`, deadlineMs: 200 });
      const refused = await hasty.append('s-1', 'no-stream', [eventOf()]).catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(StoreUnavailable);
      expect(refused).not.toBeInstanceOf(OutcomeUnknown);
    });

    it.each(['notReady', 'tooBusy'] as const)('tries again while the server says %s', async (fault) => {
      await begin();
      server.misbehave[fault](3);
      expect(await store.append('s-1', 0, [eventOf({ n: 1 })])).toMatchObject({ revision: 1 });
      server.misbehave[fault](2);
      expect(numbers(await all(store.readStream('s-1')))).toEqual([0, 1]);
    });

    it('gives up at the deadline where the server stays too busy, knowing that nothing was written', async () => {
      const hasty = await open({ deadlineMs: 200 });
      await begin();
      server.misbehave.tooBusy(1_000);
      const refused = await hasty.append('s-1', 0, [eventOf()]).catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(StoreUnavailable);
      expect(refused).not.toBeInstanceOf(OutcomeUnknown);
    });

    it('says that the outcome is unknown where replication takes too long', async () => {
      await begin();
      server.misbehave.timeout();
      await expect(store.append('s-1', 0, [eventOf()])).rejects.toBeInstanceOf(OutcomeUnknown);
    });

    it('says 503 and not more where nothing listens', async () => {
      const hasty = await open({ deadlineMs: 300 });
      await server.kill();
      const refused = await hasty.append('s-1', 'no-stream', [eventOf()]).catch((error: unknown) => error);
      expect(refused).toMatchObject({ name: 'StoreUnavailable', message: expect.stringContaining('ECONNREFUSED') });
      expect(refused).not.toBeInstanceOf(OutcomeUnknown);
      await server.restart();
    });

    it('finishes what was accepted before it lets go', async () => {
      const another = await open();
      const pending = upTo(200).map((n) => another.append(`s-${n}`, 'no-stream', [eventOf({ n })]));
      await another.close();
      expect((await Promise.allSettled(pending)).every(({ status }) => status === 'fulfilled')).toBe(true);
      expect(await all(store.readAll())).toHaveLength(200);
    });

    it('leaves the appends of another store in this process alone when it closes', async () => {
      const another = await open();
      await another.append('s-1', 'no-stream', [eventOf()]);
      const pending = upTo(200).map((n) => store.append(`t-${n}`, 'no-stream', [eventOf()]));
      await another.close();
      expect((await Promise.allSettled(pending)).every(({ status }) => status === 'fulfilled')).toBe(true);
      expect(await store.append('s-1', 0, [eventOf()])).toMatchObject({ revision: 1 });
    });

    it('goes on at one server when another one, used by the same process, dies under its appends', async () => {
      const other = await startEventStoreDbServer();
      const elsewhere = await open({ url: other.connectionString, deadlineMs: 300 });
      await elsewhere.append('s-1', 'no-stream', [eventOf()]);
      const here = upTo(300).map((n) => insist(store, `s-${n}`, 'no-stream', [eventOf({ n })]));
      const there = upTo(300).map((n) => elsewhere.append(`t-${n}`, 'no-stream', [eventOf({ n })]));
      await other.kill();
      await Promise.all(here);
      await Promise.allSettled(there);
      expect(await store.append('s-0', 0, [eventOf()])).toMatchObject({ revision: 1 });
      expect(await all(store.readAll())).toHaveLength(301);
    });

    it('drops answers that come late, after the failure of another server has failed everything under way', async () => {
      const other = await startEventStoreDbServer();
      const elsewhere = await open({ url: other.connectionString, deadlineMs: 300 });
      await elsewhere.append('s-1', 'no-stream', [eventOf()]);
      await begin();
      server.misbehave.stall();
      other.misbehave.stall();
      const events = upTo(8).map((n) => [eventOf({ n })]);
      const here = events.map((event, n) => store.append(`t-${n}`, 'no-stream', event));
      const there = elsewhere.append('s-1', 0, [eventOf()]);
      const outcomes = Promise.allSettled([...here, there]);
      await new Promise(setImmediate);
      await other.kill();
      for (const outcome of await outcomes) expect(outcome).toMatchObject({ reason: expect.any(OutcomeUnknown) });
      server.misbehave.resume();
      await Promise.all(events.map((event, n) => store.append(`t-${n}`, 'no-stream', event)));
      expect(await all(store.readAll())).toHaveLength(9);
    });

    it('reports a wrong revision as one, even where the URL asks the client not to', async () => {
      const odd = await open({ url: `${server.connectionString}&throwOnAppendFailure=false` });
      await begin();
      await expect(odd.append('s-1', 'no-stream', [eventOf()])).rejects.toMatchObject({ actual: 0 });
    });
  });

  describe('during a subscription', () => {
    const faults: readonly (readonly [string, (at: EventStoreDbServer) => Promise<void> | void])[] = [
      [
        'ends it without an error',
        (at) => {
          at.misbehave.endSubscriptions();
        },
      ],
      [
        'drops it',
        (at) => {
          at.misbehave.dropSubscriptions();
        },
      ],
      ['stops and starts again', (at) => at.restart()],
      ['is killed and started again', (at) => at.kill().then(() => at.restart())],
    ];

    it.each(faults)('comes back without a gap or a duplicate when the server %s, and says so', async (_what, fault) => {
      const total = 60;
      const following = follow(total);
      for (let n = 0; n < total; n += 1) {
        await insist(store, `s-${n}`, 'no-stream', [eventOf({ n })]);
        if (n % 25 === 20) {
          await live(following);
          await fault(server);
        }
      }
      await following.done;
      expect(numbers(following.events)).toEqual(upTo(total));
      expect(following.states.slice(0, 2)).toEqual(['disconnected', 'connected']);
    });

    it('waits for a server that is away from the beginning', async () => {
      await begin();
      await server.kill();
      store = await open({ deadlineMs: 100 });
      const following = follow(1);
      await until(() => following.states.includes('disconnected'));
      await server.restart();
      await following.done;
      expect(following.states).toEqual(['disconnected', 'connected']);
    });

    it('follows the leader', async () => {
      const cluster = await startCluster();
      store = await open({ url: cluster.discoveryString });
      const total = 40;
      const following = follow(total);
      for (let n = 0; n < total; n += 1) {
        await insist(store, `s-${n}`, 'no-stream', [eventOf({ n })]);
        if (n % 15 !== 10) continue;
        await live(following);
        const { leader } = cluster;
        cluster.moveLeader(n % 2 === 0 ? 1 : 2);
        leader.misbehave.dropSubscriptions();
      }
      await following.done;
      expect(numbers(following.events)).toEqual(upTo(total));
      await store.close();
      await cluster.stop();
    });

    it.each(['a new subscription', 'a running one'])(
      'refuses a checkpoint from before a restored backup: %s',
      async (which) => {
        for (let n = 0; n < 10; n += 1) await store.append(`s-${n}`, 'no-stream', [eventOf({ n })]);
        const running = follow(1_000);
        await live(running);
        const after = await store.head();
        const { port } = server;
        await server.kill();
        server = await startEventStoreDbServer({ port });
        await insist(store, 's-1', 'no-stream', [eventOf()]);
        const refused = which === 'a running one' ? running : follow(1, { after });
        await expect(refused.done).rejects.toMatchObject({ name: 'InvalidPosition', position: after });
        running.stop.abort();
      },
    );

    it('refuses a position between two events', async () => {
      const { position } = await begin();
      await store.append('s-2', 'no-stream', [eventOf()]);
      const inside = position.replaceAll(/[0-9a-f]{16}/g, (digits) =>
        (BigInt(`0x${digits}`) + 1n).toString(16).padStart(16, '0'),
      );
      await expect(follow(1, { after: inside }).done).rejects.toMatchObject({ name: 'InvalidPosition' });
      await expect(all(store.readAll({ from: inside }))).rejects.toMatchObject({ name: 'InvalidPosition' });
    });

    it('ends at once when it is told to, while the server is away', async () => {
      await server.kill();
      const following = follow(1);
      following.stop.abort();
      await following.done;
      expect(following.events).toEqual([]);
      await server.restart();
    });
  });
});
