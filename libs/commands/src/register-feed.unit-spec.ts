import { type EventStore, StoreUnusable } from '@faultline/event-store';
import { type RecordedEvent, type Register, StoreUnavailable } from '@faultline/kernel';
import { type KeyStore } from '@faultline/key-store';
import { altered, distantKeys, gate, openStores, type Stores } from '../../../test/support/stores';
import { EventCodec } from './event-codec';
import { RegisterFeed } from './register-feed';
import { foreignEvent, LogbookDesk, logbookSchemas } from './testing/logbook';

/** Keeps what it was given. */
class Seen implements Register {
  readonly events: RecordedEvent[] = [];

  constructor(
    readonly streamPrefixes: readonly string[],
    private readonly onApply?: (event: RecordedEvent) => void,
  ) {}

  apply(event: RecordedEvent): void {
    this.onApply?.(event);
    this.events.push(event);
  }

  get places(): string[] {
    return this.events.map(({ stream, revision }) => `${stream}@${revision}`);
  }
}

describe('the register feed', () => {
  let stores: Stores;
  let feeds: RegisterFeed[];

  beforeEach(async () => {
    stores = await openStores();
    feeds = [];
  });

  afterEach(async () => {
    for (const feed of feeds) await feed.stop();
    await stores.close();
  });

  const feeding = (registers: readonly Register[], store: EventStore = stores.events) => {
    const feed = new RegisterFeed(store, new EventCodec(logbookSchemas, stores.keys), registers);
    feeds.push(feed);
    return feed;
  };

  const append = async (stream: string, revision: number, type = 'LogbookOpened') =>
    (await stores.events.append(stream, revision < 0 ? 'no-stream' : revision, [foreignEvent(type, { title: 'A' })]))
      .position;

  it('has folded everything recorded so far when start resolves', async () => {
    await append('team-1', -1);
    await append('other-1', -1);
    await append('team-1', 0);
    const seen = new Seen(['team-']);
    await feeding([seen]).start();
    expect(seen.places).toEqual(['team-1@0', 'team-1@1']);
  });

  it('starts on an empty log', async () => {
    const seen = new Seen(['team-']);
    const feed = feeding([seen]);
    await feed.start();
    await feed.reached(await append('team-1', -1));
    expect(seen.places).toEqual(['team-1@0']);
  });

  it('follows: once a position is reached, every register reflects it', async () => {
    const [teams, both] = [new Seen(['team-']), new Seen(['team-', 'service-'])];
    const feed = feeding([teams, both]);
    await append('team-1', -1);
    await feed.start();
    await append('service-1', -1);
    await feed.reached(await append('team-1', 0));
    expect(teams.places).toEqual(['team-1@0', 'team-1@1']);
    expect(both.places).toEqual(['team-1@0', 'service-1@0', 'team-1@1']);
  });

  it('reaches positions of events that concern no register, before and after it started', async () => {
    const before = await append('other-1', -1);
    const feed = feeding([new Seen(['team-'])]);
    await feed.start();
    await feed.reached(before);
    await feed.reached(await append('other-1', 0));
  });

  it('wakes each waiter no earlier than its position', async () => {
    const seen = new Seen(['team-']);
    const feed = feeding([seen]);
    await feed.start();
    const first = await append('team-1', -1);
    const head = Number.parseInt(first, 16);
    const later = first.replaceAll(head.toString(16).padStart(16, '0'), (head + 2).toString(16).padStart(16, '0'));
    let woken = false;
    const waiting = feed.reached(later).then(() => {
      woken = true;
    });
    await feed.reached(await append('team-1', 0));
    expect(woken).toBe(false);
    await append('team-1', 1);
    await waiting;
    expect(seen.places).toHaveLength(3);
  });

  it('loses and repeats nothing that is recorded while it starts', async () => {
    await append('team-1', -1);
    const readAll: EventStore['readAll'] = async function* (options) {
      for await (const event of stores.events.readAll(options)) {
        await append('team-1', 0);
        yield event;
      }
      await append('team-1', 1);
    };
    const seen = new Seen(['team-']);
    const feed = feeding([seen], altered(stores.events, { readAll }));
    await feed.start();
    await feed.reached((await stores.events.head())!);
    expect(seen.places).toEqual(['team-1@0', 'team-1@1', 'team-1@2']);
  });

  it('gives events in clear text and of the current schema', async () => {
    const desk = new LogbookDesk(stores.events, stores.keys);
    await append('logbook-1', -1);
    await desk.write('logbook-1', ['one'], { reason: 'why not' });
    const seen = new Seen(['logbook-']);
    const feed = feeding([seen]);
    await feed.start();
    await feed.reached((await desk.write('logbook-1', ['two'])).position);
    expect(seen.events.map(({ data }) => data)).toEqual([
      { title: 'A', pages: 100 },
      { text: 'one', number: 1 },
      { text: 'two', number: 2 },
    ]);
    expect(seen.events[1]!.metadata.reason).toBe('why not');
  });

  it('opens what was sealed under keys that others made, and waits for a key store that is away', async () => {
    const desk = new LogbookDesk(stores.events, stores.keys);
    await desk.open('logbook-1');
    await desk.write('logbook-1', ['one']);
    const distant = distantKeys(stores.keys).keys;
    let refusals = 0;
    let away = false;
    const keys = altered(distant, {
      prepare: async (ids) => {
        if (away) {
          refusals += 1;
          away = refusals < 2;
          throw new StoreUnavailable('key store away');
        }
        await distant.prepare(ids);
      },
    });
    const seen = new Seen(['logbook-']);
    const feed = new RegisterFeed(stores.events, new EventCodec(logbookSchemas, keys), [seen]);
    feeds.push(feed);
    await feed.start();
    away = true;
    await feed.reached((await desk.write('logbook-1', ['two'])).position);
    expect(seen.events.map(({ data }) => data['text'])).toEqual([undefined, 'one', 'two']);
    expect(refusals).toBe(2);
    expect(feed.failure).toBeUndefined();
  });

  it('can be stopped while it waits for keys, which is no failure', async () => {
    const desk = new LogbookDesk(stores.events, stores.keys);
    await desk.open('logbook-1');
    const asked = gate();
    const prepare: KeyStore['prepare'] = () => {
      asked.open();
      return Promise.reject(new StoreUnavailable('key store away'));
    };
    const codec = new EventCodec(logbookSchemas, altered(stores.keys, { prepare }));
    const feed = new RegisterFeed(stores.events, codec, [new Seen(['logbook-'])]);
    await feed.start();
    await desk.write('logbook-1', ['one']);
    await asked.opened;
    await feed.stop();
    expect(feed.failure).toBeUndefined();
  });

  describe('when a register fails', () => {
    const clumsy = () =>
      new Seen(['team-'], ({ type }) => {
        if (type === 'LogbookClosed') throw new Error('cannot close');
      });

    it('at the start, start rejects', async () => {
      await append('team-1', -1, 'LogbookClosed');
      await expect(feeding([clumsy()]).start()).rejects.toThrow('cannot close');
    });

    it('later, whoever waits and whoever comes is refused, with the cause, and nothing more is applied', async () => {
      const seen = clumsy();
      const feed = feeding([seen]);
      await feed.start();
      const before = await append('team-1', -1);
      await feed.reached(before);
      expect(feed.failure).toBeUndefined();
      const poison = await append('team-1', 0, 'LogbookClosed');
      const after = await append('team-1', 1);
      for (const position of [poison, after]) {
        const failed: unknown = await feed.reached(position).catch((error: unknown) => error);
        expect(failed).toBeInstanceOf(StoreUnavailable);
        expect((failed as Error).cause).toEqual(new Error('cannot close'));
      }
      expect(feed.failure).toEqual(new Error('cannot close'));
      await expect(feed.reached(before)).resolves.toBeUndefined();
      expect(seen.places).toEqual(['team-1@0']);
    });
  });

  it('reports a subscription that breaks', async () => {
    const broken = gate();
    const subscribe: EventStore['subscribe'] = async function* () {
      await broken.opened;
      throw new Error('the store is gone');
    };
    const feed = feeding([new Seen(['team-'])], altered(stores.events, { subscribe }));
    await feed.start();
    const waiting = feed.reached(await append('team-1', -1));
    broken.open();
    await expect(waiting).rejects.toMatchObject({ cause: new Error('the store is gone') });
    expect(feed.failure).toEqual(new Error('the store is gone'));
  });

  it('comes back by itself from what somebody mended, and says what it was until then', async () => {
    const [asked, mended] = [gate(), gate()];
    const trouble = new StoreUnusable('refused', 'wrong password');
    let attempts = 0;
    const subscribe: EventStore['subscribe'] = async function* (options) {
      attempts += 1;
      if (attempts === 1) throw trouble;
      asked.open();
      await mended.opened;
      yield* stores.events.subscribe(options);
    };
    const seen = new Seen(['team-']);
    const told: unknown[] = [];
    const codec = new EventCodec(logbookSchemas, stores.keys);
    const store = altered(stores.events, { subscribe });
    const feed = new RegisterFeed(store, codec, [seen], (error) => told.push(error));
    feeds.push(feed);
    await feed.start();
    const waiting = feed.reached(await append('team-1', -1));
    await asked.opened;
    expect(feed.failure).toBe(trouble);
    mended.open();
    await waiting;
    expect(seen.places).toEqual(['team-1@0']);
    expect(told).toEqual([trouble]);
    await feed.reached(await append('team-1', 0));
    expect(feed.failure).toBeUndefined();
  });

  it('leaves nobody waiting when it is stopped, and is no failure then', async () => {
    const feed = feeding([new Seen(['team-'])]);
    await feed.start();
    const never = 'f'.repeat(16);
    const waiting = feed.reached(`${never}-${never}`);
    const refused = expect(waiting).rejects.toThrow(StoreUnavailable);
    await feed.stop();
    await refused;
    await expect(feed.reached(`${never}-${never}`)).rejects.toThrow(StoreUnavailable);
    expect(feed.failure).toBeUndefined();
  });
});
