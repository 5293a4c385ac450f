import {
  type Delivery,
  type EventStore,
  InvalidAppend,
  InvalidPosition,
  maxAppendBytes,
  startPosition,
  StreamNotFound,
  WrongExpectedRevision,
} from '@faultline/event-store';
import { type NewEvent, randomId, type RecordedEvent } from '@faultline/kernel';
import fc from 'fast-check';

/** A store of its own for one test; `reopen` closes it and opens the same data again. */
export type EventStoreUnderTest = {
  readonly store: EventStore;
  readonly reopen: () => Promise<EventStore>;
  /** Closes what was opened and removes the data. */
  readonly dispose: () => Promise<void>;
};

/** An event with its whole envelope; `data` tells events apart. */
export const eventOf = (
  data: NewEvent['data'] = {},
  type = 'SomethingHappened',
  id: string = randomId(),
): NewEvent => ({
  id,
  type,
  data,
  metadata: {
    recordedAt: '2026-01-01T00:00:00.000Z',
    occurredAt: '2026-01-01T00:00:00.000Z',
    actor: { id: 'someone', kind: 'person' },
    via: { kind: 'system' },
    $correlationId: 'correlation',
    $causationId: 'causation',
    commandId: id,
    schemaVersion: 1,
    hash: 'a'.repeat(64),
  },
});

const several = (count: number, data: NewEvent['data'] = {}): NewEvent[] =>
  Array.from({ length: count }, (_, n) => eventOf({ ...data, n }));

/** Everything of an async iterable. */
export async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const found: Item[] = [];
  for await (const item of items) found.push(item);
  return found;
}

const numbers = (events: readonly RecordedEvent[]): unknown[] => events.map(({ data }) => data['n']);
const revisions = (events: readonly RecordedEvent[]): number[] => events.map(({ revision }) => revision);

/** What every event store promises, by EventStoreDB's semantics. */
export function describeEventStore(name: string, factory: () => Promise<EventStoreUnderTest>): void {
  describe(`EventStore: ${name}`, () => {
    let under: EventStoreUnderTest;
    let store: EventStore;

    beforeEach(async () => {
      under = await factory();
      store = under.store;
    });

    afterEach(() => under.dispose());

    const stream = async (of: string) => all(store.readStream(of));

    /** Follows the log until `enough`, then ends the subscription. */
    async function follow(
      options: Omit<Parameters<EventStore['subscribe']>[0], 'signal'>,
      enough: (events: readonly RecordedEvent[], delivery: Delivery) => boolean,
      from = store,
    ): Promise<{ events: RecordedEvent[]; deliveries: Delivery[] }> {
      const stop = new AbortController();
      const events: RecordedEvent[] = [];
      const deliveries: Delivery[] = [];
      for await (const delivery of from.subscribe({ ...options, signal: stop.signal })) {
        events.push(...delivery.events);
        deliveries.push(delivery);
        if (enough(events, delivery)) stop.abort();
      }
      return { events, deliveries };
    }

    describe('append', () => {
      it('begins a stream and goes on at the revision where it ends', async () => {
        const first = await store.append('s-1', 'no-stream', several(3));
        expect(first.revision).toBe(2);
        const second = await store.append('s-1', 2, several(2));
        expect(second.revision).toBe(4);
        expect(second.position > first.position).toBe(true);
        expect(revisions(await stream('s-1'))).toEqual([0, 1, 2, 3, 4]);
      });

      it.each([
        ['no-stream', 2],
        [1, 2],
        [0, 2],
        [5, 2],
      ] as const)(
        'refuses %s where the stream ends at another revision, and says at which',
        async (expected, actual) => {
          await store.append('s-1', 'no-stream', several(3));
          await expect(store.append('s-1', expected, several(1))).rejects.toMatchObject({
            name: 'WrongExpectedRevision',
            stream: 's-1',
            expected,
            actual,
          });
          expect(await stream('s-1')).toHaveLength(3);
        },
      );

      it('refuses a revision of a stream that does not exist', async () => {
        await expect(store.append('s-1', 0, several(1))).rejects.toMatchObject({ actual: 'no-stream' });
        await expect(all(store.readStream('s-1'))).rejects.toBeInstanceOf(StreamNotFound);
      });

      it('lets exactly one of two writers win, in every one of 100 rounds', async () => {
        let end: 'no-stream' | number = 'no-stream';
        for (let round = 0; round < 100; round += 1) {
          const expected: 'no-stream' | number = end;
          const outcomes = await Promise.allSettled([0, 1].map(() => store.append('s-1', expected, several(1))));
          const lost = outcomes.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[];
          expect(lost.map(({ reason }) => reason instanceof WrongExpectedRevision)).toEqual([true]);
          end = round;
        }
        expect(await stream('s-1')).toHaveLength(100);
      });

      it('writes all events of a call or none', async () => {
        const bad = [...several(2), { ...eventOf(), id: 'no uuid' }];
        await expect(store.append('s-1', 'no-stream', bad)).rejects.toBeInstanceOf(InvalidAppend);
        await expect(all(store.readStream('s-1'))).rejects.toBeInstanceOf(StreamNotFound);
        expect(await store.head()).toBeUndefined();
      });

      it('takes the same ids at the same expected revision for the same append, for ever', async () => {
        const events = several(2);
        const first = await store.append('s-1', 'no-stream', events);
        expect(await store.append('s-1', 'no-stream', events)).toEqual(first);
        const later = several(3);
        const second = await store.append('s-1', 1, later);
        expect(await store.append('s-1', 'no-stream', events)).toEqual(first);
        await store.append('s-1', 4, several(1));
        expect(await store.append('s-1', 1, later)).toEqual(second);
        store = await under.reopen();
        expect(await store.append('s-1', 'no-stream', events)).toEqual(first);
        expect(await stream('s-1')).toHaveLength(6);
      });

      it('refuses a repetition that differs in one id, or runs past what is there', async () => {
        const events = several(2);
        await store.append('s-1', 'no-stream', events);
        const [first, second] = events as [NewEvent, NewEvent];
        for (const other of [
          [first, eventOf()],
          [eventOf(), second],
          [first, second, eventOf()],
        ]) {
          await expect(store.append('s-1', 'no-stream', other)).rejects.toBeInstanceOf(WrongExpectedRevision);
        }
        expect(await stream('s-1')).toHaveLength(2);
      });

      it('allows one id in two streams', async () => {
        const event = eventOf();
        await store.append('s-1', 'no-stream', [event]);
        await store.append('s-2', 'no-stream', [event]);
        expect(await all(store.readAll())).toHaveLength(2);
      });

      it.each([
        ['no events', 's-1', [], 'no-events'],
        ['an id that is no UUID', 's-1', [eventOf({}, 'T', 'seven')], 'event-id'],
        ['a reserved name', '$s-1', several(1), 'stream-name'],
        ['an empty name', '', several(1), 'stream-name'],
      ] as const)('refuses %s before anything is written', async (_what, of, events, rule) => {
        await expect(store.append(of, 'no-stream', events)).rejects.toMatchObject({ name: 'InvalidAppend', rule });
        expect(await store.head()).toBeUndefined();
      });

      it('refuses more than 1 MiB and names both sizes; what fits is read back as it was', async () => {
        const large = [eventOf({ text: 'x'.repeat(maxAppendBytes) })];
        await expect(store.append('s-1', 'no-stream', large)).rejects.toMatchObject({
          rule: 'too-large',
          limit: maxAppendBytes,
          size: expect.any(Number),
        });
        const fits = [eventOf({ text: 'ä'.repeat(450_000) })];
        await store.append('s-1', 'no-stream', fits);
        expect((await stream('s-1'))[0]?.data).toEqual(fits[0]?.data);
      });

      it('carries out appends to one stream in the order in which they are called', async () => {
        const calls = Array.from({ length: 64 }, (_, n) =>
          store.append('s-1', n === 0 ? 'no-stream' : n - 1, [eventOf({ n })]),
        );
        expect((await Promise.all(calls)).map(({ revision }) => revision)).toEqual(calls.map((_, n) => n));
        expect(numbers(await stream('s-1'))).toEqual(calls.map((_, n) => n));
      });
    });

    describe('what was written', () => {
      it('comes back as it was: data, metadata, type and id, whatever JSON they are made of', async () => {
        const value = fc.jsonValue({ noUnicodeString: false });
        await fc.assert(
          fc.asyncProperty(fc.dictionary(fc.string(), value), fc.uuid(), async (data, id) => {
            const of = `s-${randomId()}`;
            const event = eventOf(JSON.parse(JSON.stringify(data)) as NewEvent['data'], 'Gelöst 😀', id);
            const { position } = await store.append(of, 'no-stream', [event]);
            expect(await stream(of)).toEqual([{ ...event, stream: of, revision: 0, position }]);
          }),
          { numRuns: 50 },
        );
      });

      it.each(['with space', 'a/b@c', 'a::b', 'ä-😀', 'x'.repeat(255), 'incident-1'])(
        'in the stream %s',
        async (of) => {
          await store.append(of, 'no-stream', several(1));
          expect((await stream(of))[0]?.stream).toBe(of);
        },
      );

      it('has ids in lower case', async () => {
        const id = randomId();
        await store.append('s-1', 'no-stream', [eventOf({}, 'T', id.toUpperCase())]);
        expect((await stream('s-1'))[0]?.id).toBe(id);
      });

      it('is there after the store was opened again, and goes on from there', async () => {
        await store.append('s-1', 'no-stream', several(3));
        const before = await all(store.readAll());
        const head = await store.head();
        store = await under.reopen();
        expect(await all(store.readAll())).toEqual(before);
        expect(await store.head()).toBe(head);
        const { revision, position } = await store.append('s-1', 2, several(1));
        expect(revision).toBe(3);
        expect(position > (head ?? '')).toBe(true);
      });
    });

    describe('reading a stream', () => {
      beforeEach(async () => {
        await store.append(
          's-1',
          'no-stream',
          [0, 1, 2].map((n) => eventOf({ n })),
        );
        await store.append('s-2', 'no-stream', several(2));
        await store.append(
          's-1',
          2,
          [3, 4].map((n) => eventOf({ n })),
        );
      });

      it.each([
        [{}, [0, 1, 2, 3, 4]],
        [{ from: 1 }, [1, 2, 3, 4]],
        [{ from: 3, limit: 1 }, [3]],
        [{ limit: 2 }, [0, 1]],
        [{ from: 5 }, []],
        [{ direction: 'backwards' }, [4, 3, 2, 1, 0]],
        [{ direction: 'backwards', from: 2 }, [2, 1, 0]],
        [{ direction: 'backwards', limit: 2 }, [4, 3]],
      ] as const)('%j gives revisions %j', async (options, expected) => {
        const events = await all(store.readStream('s-1', options));
        expect(revisions(events)).toEqual(expected);
        expect(numbers(events)).toEqual(expected);
      });

      it('says that a stream does not exist', async () => {
        await expect(all(store.readStream('s-3'))).rejects.toMatchObject({ name: 'StreamNotFound', stream: 's-3' });
        await expect(all(store.readStream('s'))).rejects.toBeInstanceOf(StreamNotFound);
      });

      it('may be given up halfway', async () => {
        for await (const event of store.readStream('s-1')) if (event.revision === 1) break;
        expect(await stream('s-1')).toHaveLength(5);
      });

      it('reads long streams whole and in order', async () => {
        for (let batch = 0; batch < 20; batch += 1) {
          const expected = batch === 0 ? ('no-stream' as const) : batch * 250 - 1;
          await store.append('long', expected, several(250));
        }
        expect(revisions(await stream('long'))).toEqual(Array.from({ length: 5_000 }, (_, n) => n));
      });
    });

    describe('reading the log', () => {
      const written: string[] = [];

      beforeEach(async () => {
        written.length = 0;
        for (let n = 0; n < 6; n += 1) {
          const of = n % 2 === 0 ? 'even-1' : 'odd-1';
          const expected = n < 2 ? ('no-stream' as const) : Math.floor(n / 2) * 2 - 1;
          const events = [eventOf({ n }, n % 3 === 0 ? 'A' : 'B'), eventOf({ n: n + 0.5 }, 'C')];
          written.push((await store.append(of, expected, events)).position);
        }
      });

      it('has every event once, in the order of positions, the events of one append side by side', async () => {
        const events = await all(store.readAll());
        expect(numbers(events)).toEqual([0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5, 5.5]);
        const positions = events.map(({ position }) => position);
        expect([...positions].sort()).toEqual(positions);
        expect(new Set(positions).size).toBeGreaterThanOrEqual(6);
        expect(await store.head()).toBe(positions.at(-1));
        expect(written.every((position) => positions.includes(position))).toBe(true);
      });

      it('begins at a position, inclusive forwards and exclusive backwards', async () => {
        const third = written[2] ?? '';
        const forwards = await all(store.readAll({ from: third }));
        expect(numbers(forwards)).toEqual(expect.arrayContaining([2.5, 3, 5.5]));
        expect(numbers(forwards)).not.toContain(1.5);
        const backwards = await all(store.readAll({ direction: 'backwards', from: third }));
        expect(numbers(backwards)).toEqual(expect.arrayContaining([1.5, 0]));
        expect(numbers(backwards)).not.toContain(2.5);
        expect(numbers(await all(store.readAll({ direction: 'backwards', limit: 3 })))).toEqual([5.5, 5, 4.5]);
      });

      it('filters by the beginning of the stream, by type, and by both', async () => {
        const filtered = async (filter: object) => numbers(await all(store.readAll({ filter })));
        expect(await filtered({ streamPrefixes: ['odd-'] })).toEqual([1, 1.5, 3, 3.5, 5, 5.5]);
        expect(await filtered({ eventTypes: ['A'] })).toEqual([0, 3]);
        expect(await filtered({ streamPrefixes: ['odd-', 'none-'], eventTypes: ['A', 'B'] })).toEqual([1, 3, 5]);
        expect(await filtered({ streamPrefixes: ['none-'] })).toEqual([]);
      });

      it('is empty before the first event', async () => {
        const other = await factory();
        expect(await all(other.store.readAll())).toEqual([]);
        expect(await other.store.head()).toBeUndefined();
        await other.dispose();
      });
    });

    describe('subscriptions', () => {
      it('deliver what is there, say that they are live, and then what comes', async () => {
        await store.append('s-1', 'no-stream', several(3));
        let appended = false;
        const { events } = await follow({}, (seen, { live }) => {
          if (live && !appended) {
            appended = true;
            void store.append('s-1', 2, [eventOf({ n: 3 })]);
          }
          return seen.length === 4;
        });
        expect(numbers(events)).toEqual([0, 1, 2, 3]);
      });

      it('begin strictly after a position', async () => {
        const { position } = await store.append('s-1', 'no-stream', several(3));
        await store.append('s-1', 2, [eventOf({ n: 3 })]);
        expect(numbers((await follow({ after: position }, (seen) => seen.length === 1)).events)).toEqual([3]);
      });

      it('hand over from catching up to live without a gap or a duplicate, whenever they begin', async () => {
        await fc.assert(
          fc.asyncProperty(
            fc.integer({ min: 0, max: 60 }),
            fc.integer({ min: 1, max: 20 }),
            async (begun, batchSize) => {
              const other = await factory();
              const total = 80;
              const append = (n: number) => other.store.append(`s-${n}`, 'no-stream', [eventOf({ n })]);
              for (let n = 0; n < begun; n += 1) await append(n);
              const rest = (async () => {
                for (let n = begun; n < total; n += 1) await append(n);
              })();
              const following = follow({ batchSize }, (seen) => seen.length >= total, other.store);
              await rest;
              const { events } = await following;
              expect(numbers(events)).toEqual(Array.from({ length: total }, (_, n) => n));
              await other.dispose();
            },
          ),
          { numRuns: 12 },
        );
      });

      it('deliver batches no larger than asked for, with a checkpoint after which nothing delivered comes again', async () => {
        for (let n = 0; n < 20; n += 1) await store.append(`s-${n}`, 'no-stream', [eventOf({ n })]);
        const { deliveries } = await follow({ batchSize: 6 }, (seen) => seen.length === 20);
        expect(Math.max(...deliveries.map(({ events }) => events.length))).toBeLessThanOrEqual(6);
        for (const { position } of deliveries) {
          const until = numbers(await all(store.readAll())).slice(0, -1);
          const resumed = await follow({ after: position }, (_seen, { live }) => live);
          const before = deliveries.filter((delivery) => delivery.position <= position).flatMap(({ events }) => events);
          expect([...numbers(before), ...numbers(resumed.events)]).toEqual([...until, 19]);
        }
      });

      it('move their checkpoint past what the filter leaves out', async () => {
        const wanted = await store.append('wanted-1', 'no-stream', [eventOf({ n: 0 })]);
        for (let n = 1; n < 50; n += 1) await store.append(`other-${n}`, 'no-stream', several(1));
        const head = await store.head();
        const filter = { streamPrefixes: ['wanted-'] };
        const { events, deliveries } = await follow({ filter }, (_seen, { position }) => position === head);
        expect(numbers(events)).toEqual([0]);
        expect(deliveries.at(-1)).toMatchObject({ position: head, live: true });
        const rest = await follow({ filter, after: wanted.position }, (_seen, { live }) => live);
        expect(rest.events).toEqual([]);
      });

      it('never pass, by their checkpoint, an event that the filter lets through and that was not delivered', async () => {
        for (let n = 0; n < 40; n += 1) {
          await store.append(`other-${n}`, 'no-stream', several(30));
          if (n % 3 === 0) await store.append(`wanted-${n}`, 'no-stream', [eventOf({ n })]);
        }
        const wanted = await all(store.readAll({ filter: { streamPrefixes: ['wanted-'] } }));
        const head = await store.head();
        const delivered: string[] = [];
        const stop = new AbortController();
        const options = { filter: { streamPrefixes: ['wanted-'] }, batchSize: 2, signal: stop.signal };
        for await (const { events, position } of store.subscribe(options)) {
          delivered.push(...events.map((event) => event.position));
          expect(delivered).toEqual(wanted.map((event) => event.position).filter((other) => other <= position));
          if (position === head) stop.abort();
        }
        expect(delivered).toHaveLength(wanted.length);
      });

      it('wait for a reader who is slow, and lose nothing', async () => {
        for (let n = 0; n < 20; n += 1) await store.append(`s-${n}`, 'no-stream', several(100, { batch: n }));
        const seen: string[] = [];
        const stop = new AbortController();
        for await (const { events } of store.subscribe({ batchSize: 50, signal: stop.signal })) {
          for (const { position } of events) {
            seen.push(position);
            await new Promise(setImmediate);
          }
          if (seen.length >= 2_000) stop.abort();
        }
        expect(seen).toEqual((await all(store.readAll())).map(({ position }) => position));
      });

      it('stop where their reader throws, and deliver that event again to whoever goes on from the last position', async () => {
        for (let n = 0; n < 6; n += 1) await store.append(`s-${n}`, 'no-stream', [eventOf({ n })]);
        const bystander = follow({}, (seen) => seen.length === 7);
        let stored = startPosition;
        const { signal } = new AbortController();
        const reading = (async () => {
          for await (const { events, position } of store.subscribe({ batchSize: 1, signal })) {
            if (events.some(({ data }) => data['n'] === 3)) throw new Error('cannot handle 3');
            stored = position;
          }
        })();
        await expect(reading).rejects.toThrow('cannot handle 3');
        await store.append('s-6', 'no-stream', [eventOf({ n: 6 })]);
        expect(numbers((await follow({ after: stored }, (seen) => seen.length === 4)).events)).toEqual([3, 4, 5, 6]);
        expect(numbers((await bystander).events)).toEqual([0, 1, 2, 3, 4, 5, 6]);
      });

      it('wait for the first event of an empty log', async () => {
        const following = follow({}, (seen) => seen.length === 1);
        await store.append('s-1', 'no-stream', [eventOf({ n: 1 })]);
        expect(numbers((await following).events)).toEqual([1]);
      });

      it('refuse a position that is none', async () => {
        const { signal } = new AbortController();
        await expect(all(store.subscribe({ after: 'yesterday', signal }))).rejects.toBeInstanceOf(InvalidPosition);
      });

      it('move with every event where they are asked to be prompt, also in a quiet log', async () => {
        await store.append('wanted-1', 'no-stream', [eventOf({ n: 0 })]);
        const stop = new AbortController();
        const seen: number[] = [];
        let expected = await store.head();
        let left = 3;
        const options = { filter: { streamPrefixes: ['wanted-'] }, prompt: true, signal: stop.signal };
        for await (const { events, position, live } of store.subscribe(options)) {
          seen.push(...(numbers(events) as number[]));
          if (!live || position !== expected) continue;
          left -= 1;
          if (left === 0) stop.abort();
          else ({ position: expected } = await store.append(`other-${left}`, 'no-stream', [eventOf({ n: left })]));
        }
        expect(seen).toEqual([0]);
      });

      it('are independent of each other, and of how fast their readers are', async () => {
        const slow = follow({ batchSize: 1 }, (seen) => seen.length === 30);
        const fast = follow({}, (seen) => seen.length === 30);
        for (let n = 0; n < 30; n += 1) await store.append(`s-${n}`, 'no-stream', [eventOf({ n })]);
        const expected = Array.from({ length: 30 }, (_, n) => n);
        expect(numbers((await fast).events)).toEqual(expected);
        expect(numbers((await slow).events)).toEqual(expected);
      });

      it('end when they are told to, also while they wait', async () => {
        const stop = new AbortController();
        const ended = all(store.subscribe({ signal: stop.signal }));
        stop.abort();
        expect((await ended).flatMap(({ events }) => events)).toEqual([]);
      });

      it('refuse to begin beyond the end of the log', async () => {
        await store.append('s-1', 'no-stream', several(1));
        const { signal } = new AbortController();
        const after = `${'f'.repeat(15)}0-${'f'.repeat(15)}0`;
        await expect(all(store.subscribe({ after, signal }))).rejects.toBeInstanceOf(InvalidPosition);
      });

      it('begin at the start for the position before everything', async () => {
        await store.append('s-1', 'no-stream', several(2));
        const { events } = await follow({ after: startPosition }, (seen) => seen.length === 2);
        expect(numbers(events)).toEqual([0, 1]);
      });
    });
  });
}
