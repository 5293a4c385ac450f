import { type EventStore } from '@faultline/event-store';
import { genesisHash, randomId, StoreUnavailable } from '@faultline/kernel';
import { altered, distantKeys, openStores, type Stores } from '../../../test/support/stores';
import { EventCodec } from './event-codec';
import { noStream } from './event-writer';
import { StreamCache } from './stream-cache';
import { foreignEvent, LogbookDesk, logbookSchemas, recorded } from './testing/logbook';

type Read = readonly [stream: string, from: number | undefined];

describe('the stream cache', () => {
  let stores: Stores;
  let reads: Read[];
  let cache: StreamCache<readonly string[]>;
  let lose: (() => void) | undefined;

  beforeEach(async () => {
    stores = await openStores();
    reads = [];
    lose = undefined;
    cache = caching(2);
  });

  afterEach(() => stores.close());

  const readStream: EventStore['readStream'] = async function* (stream, options) {
    reads.push([stream, options?.from]);
    for await (const event of stores.events.readStream(stream, options)) {
      yield event;
      lose?.();
    }
  };

  const caching = (size: number) =>
    new StreamCache<readonly string[]>(
      altered(stores.events, { readStream }),
      new EventCodec(logbookSchemas, stores.keys),
      { initialState: () => [], evolve: (state, event) => [...state, event.type] },
      size,
    );

  const append = (stream: string, revision: number, type: string, more: Parameters<typeof foreignEvent>[2] = {}) =>
    stores.events.append(stream, revision < 0 ? 'no-stream' : revision, [foreignEvent(type, {}, more)]);

  it('folds a stream that was never written to the initial state', async () => {
    expect(await cache.load('a')).toEqual({
      state: [],
      end: { revision: -1, hash: genesisHash },
      position: '',
      lastOccurredAt: '',
      commands: new Map(),
    });
    expect(noStream).toEqual({ revision: -1, hash: genesisHash });
  });

  it('finds a stream that begins later', async () => {
    await cache.load('a');
    await append('a', -1, 'First');
    expect((await cache.load('a')).state).toEqual(['First']);
  });

  it('folds to the end: state, hash, position, latest business time and commands', async () => {
    const [first, second] = [randomId(), randomId()];
    await append('a', -1, 'First', {
      commandId: first,
      commandDigest: 'd1',
      occurredAt: '2026-01-02T00:00:00.000Z',
      hash: '1'.repeat(64),
    });
    await append('a', 0, 'Second', { commandId: second, occurredAt: '2026-01-01T00:00:00.000Z', hash: '2'.repeat(64) });
    const [one, two] = await recorded(stores.events, 'a');
    expect(await cache.load('a')).toEqual({
      state: ['First', 'Second'],
      end: { revision: 1, hash: '2'.repeat(64) },
      position: two!.position,
      lastOccurredAt: '2026-01-02T00:00:00.000Z',
      commands: new Map([
        [first, { revision: 0, position: one!.position, digest: 'd1' }],
        [second, { revision: 1, position: two!.position, digest: undefined }],
      ]),
    });
  });

  it('names the last event of a command that wrote several', async () => {
    const commandId = randomId();
    await stores.events.append('a', 'no-stream', [
      foreignEvent('First', {}, { commandId }),
      foreignEvent('Second', {}, { commandId }),
    ]);
    const { commands, position } = await cache.load('a');
    expect(commands.get(commandId)).toEqual({ revision: 1, position, digest: undefined });
  });

  it('asks only for what is newer', async () => {
    await append('a', -1, 'First');
    await cache.load('a');
    await append('a', 0, 'Second');
    expect((await cache.load('a')).state).toEqual(['First', 'Second']);
    await cache.load('a');
    expect(reads.map(([, from]) => from)).toEqual([0, 1, 2]);
  });

  it('need not read what it was told', async () => {
    await append('a', -1, 'First');
    const folded = await cache.load('a');
    await append('a', 0, 'Second');
    const [, second] = await recorded(stores.events, 'a');
    const kept = cache.keep('a', folded, [second!]);
    expect(kept).toMatchObject({ state: ['First', 'Second'], end: { revision: 1 }, position: second!.position });
    expect(await cache.load('a')).toEqual(kept);
    expect(reads.at(-1)).toEqual(['a', 2]);
  });

  it('reads a stream anew once it was dropped', async () => {
    await append('a', -1, 'First');
    await cache.load('a');
    cache.drop('a');
    expect((await cache.load('a')).state).toEqual(['First']);
    expect(reads.map(([, from]) => from)).toEqual([0, 0]);
  });

  it('forgets what was least recently used, and no more than it must', async () => {
    for (const stream of ['a', 'b', 'c']) await append(stream, -1, 'First');
    for (const stream of ['a', 'b', 'a', 'c', 'a', 'b']) await cache.load(stream);
    expect(reads).toEqual([
      ['a', 0],
      ['b', 0],
      ['a', 1],
      ['c', 0],
      ['a', 1],
      ['b', 0],
    ]);
  });

  it('opens what was sealed under a key that another process made', async () => {
    const desk = new LogbookDesk(stores.events, stores.keys);
    await desk.open('logbook-1');
    await desk.write('logbook-1', ['clear sky']);
    const distant = new StreamCache<readonly unknown[]>(
      stores.events,
      new EventCodec(logbookSchemas, distantKeys(stores.keys).keys),
      { initialState: () => [], evolve: (state, event) => [...state, event.data] },
    );
    expect((await distant.load('logbook-1')).state).toContainEqual({ text: 'clear sky', number: 1 });
  });

  it('passes on a failing store, and folds nothing twice or by half afterwards', async () => {
    await append('a', -1, 'First');
    await append('a', 0, 'Second');
    lose = () => {
      throw new StoreUnavailable('gone');
    };
    await expect(cache.load('a')).rejects.toThrow(StoreUnavailable);
    lose = undefined;
    expect((await cache.load('a')).state).toEqual(['First', 'Second']);
  });
});
