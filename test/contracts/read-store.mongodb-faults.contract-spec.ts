import { StoreUnavailable } from '@faultline/kernel';
import { type MongoDbReadStore, openMongoDbReadStore } from '@faultline/read-store';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { describeMongoDbFaults, type MongoDbServer, startMongoDbServer } from '../support/mongodb-server';

// What a call may cost here before it is given up; the suite's own limit shows that nothing waits for ever.
const settings = {
  serverSelectionTimeoutMS: 600,
  connectTimeoutMS: 600,
  socketTimeoutMS: 600,
  waitQueueTimeoutMS: 600,
} as const;

const at = (position: number): string => String(position).padStart(20, '0');
const things = { name: 'things', indexes: [] };
const put = (id: string, position: number) => ({ kind: 'put', document: { _id: id, position: at(position) } }) as const;

/** Every call that the store has. */
const calls: readonly (readonly [string, (store: MongoDbReadStore) => Promise<unknown>])[] = [
  ['ensureCollection', (store) => store.ensureCollection(things)],
  ['dropCollection', (store) => store.dropCollection('others')],
  ['collectionNames', (store) => store.collectionNames()],
  ['get', (store) => store.get('things', 'a')],
  ['getMany', (store) => store.getMany('things', ['a'])],
  ['find', (store) => store.find('things')],
  ['count', (store) => store.count('things')],
  ['group', (store) => store.group('things', { by: ['a'], sums: { n: 1 } })],
  ['write', (store) => store.write('things', [put('a', 2)])],
  ['readCheckpoint', (store) => store.readCheckpoint('p')],
  ['writeCheckpoint', (store) => store.writeCheckpoint('p', { position: at(1), epoch: 1, owner: 'x' }, ['things'])],
  ['acquireLease', (store) => store.acquireLease('l', 'x', { now: 1, forMs: 1 })],
  ['releaseLease', (store) => store.releaseLease('l', 'x')],
  ['leases', (store) => store.leases('l')],
  ['liveVersion', (store) => store.liveVersion('m')],
  ['claimVersions', (store) => store.claimVersions('m', 1)],
  ['reserveVersion', (store) => store.reserveVersion('m', 1)],
  ['swapVersion', (store) => store.swapVersion('m', 1, 1)],
];

describeMongoDbFaults('Read store on MongoDB in trouble', () => {
  let server: MongoDbServer;
  let store: MongoDbReadStore;

  beforeEach(async () => {
    server = await startMongoDbServer();
    store = await openMongoDbReadStore({ url: server.url, settings });
    await store.ensureCollection(things);
    await store.write('things', [put('a', 1)]);
  });

  afterEach(async () => {
    await store.close();
    await server.kill();
  });

  const outcomes = () => Promise.allSettled(calls.map(([, call]) => call(store)));
  const refused = calls.map(() => ({ status: 'rejected', reason: expect.any(StoreUnavailable) }));

  it('refuses every call while the server is gone, and goes on by itself once it is back', async () => {
    await server.kill();
    expect(await outcomes()).toEqual(refused);
    server = await startMongoDbServer({ port: server.port });
    await store.ensureCollection(things);
    await store.write('things', [put('b', 2)]);
    expect(await store.find('things')).toEqual([{ _id: 'b', position: at(2) }]);
  });

  it('refuses what was under way when the server was killed', async () => {
    const documents = (batch: number) => Array.from({ length: 500 }, (_, one) => put(`d${batch}-${one}`, 3));
    const busy = Array.from({ length: 40 }, (_, batch) => [
      store.write('things', documents(batch)),
      store.count('things', { position: { $gt: '' } }),
    ]).flat();
    await Promise.race(busy);
    await server.kill();
    const outcomes = await Promise.allSettled(busy);
    const reasons = outcomes.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
    expect(reasons.filter((reason) => !(reason instanceof StoreUnavailable))).toEqual([]);
    await expect(store.count('things')).rejects.toThrow(StoreUnavailable);
  });

  it('refuses every call while the server is frozen, and goes on once it moves again', async () => {
    server.pause();
    expect(await outcomes()).toEqual(refused);
    server.resume();
    await store.write('things', [put('a', 5)]);
    expect(await store.get('things', 'a')).toEqual({ _id: 'a', position: at(5) });
  });

  it('writes by the guard what was in doubt, when it is written again', async () => {
    server.pause();
    const lost = store.write('things', [put('a', 7), put('b', 7)]);
    await expect(lost).rejects.toThrow(StoreUnavailable);
    server.resume();
    await store.write('things', [put('a', 7), put('b', 7)]);
    expect(await store.find('things')).toEqual([
      { _id: 'a', position: at(7) },
      { _id: 'b', position: at(7) },
    ]);
  });
});

describe('Read store on MongoDB at a wrong address', () => {
  let listener: Server;

  const listening = async (server: Server): Promise<string> => {
    listener = server.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    return `mongodb://ann:sesame@127.0.0.1:${(listener.address() as AddressInfo).port}/desk`;
  };
  const trouble = async (url: string): Promise<Error> => {
    const store = await openMongoDbReadStore({ url, settings });
    const [outcome] = await Promise.allSettled([store.count('things')]);
    await store.close();
    return (outcome as PromiseRejectedResult).reason as Error;
  };

  afterEach(() => {
    listener.close();
  });

  it('says so where nothing listens', async () => {
    const url = await listening(createServer());
    listener.close();
    await once(listener, 'close');
    const error = await trouble(url);
    expect(error).toBeInstanceOf(StoreUnavailable);
    expect(error).toMatchObject({ problem: 'away', message: expect.stringContaining('ECONNREFUSED') });
    expect(error.message).not.toContain('sesame');
  });

  it('asks whether it is MongoDB where an HTTP server listens', async () => {
    const http = createHttpServer((_request, response) => response.end('It works'));
    const error = await trouble(await listening(http));
    expect(error).toBeInstanceOf(StoreUnavailable);
    expect(error.message).toContain('is it MongoDB that listens there?');
    expect(error.message).not.toContain('sesame');
  });

  it.each([
    ['accepts and says nothing', () => undefined],
    ['hangs up', (socket: { destroy: () => void }) => { socket.destroy(); }], // prettier-ignore
    ['talks nonsense', (socket: { write: (text: string) => void }) => { socket.write('220 welcome, this is no MongoDB\r\n'); }], // prettier-ignore
  ])('is unavailable where something %s', async (_title, behave) => {
    const sockets: { destroy: () => void }[] = [];
    const url = await listening(
      createServer((socket) => {
        socket.on('error', () => undefined);
        sockets.push(socket);
        behave(socket);
      }),
    );
    expect(await trouble(url)).toBeInstanceOf(StoreUnavailable);
    for (const socket of sockets) socket.destroy();
  });

  it.each([
    ['nonsense', 'sesame://ann:sesame@h/db'],
    ['an option that does not exist', 'mongodb://ann:sesame@127.0.0.1/?noSuchOption=1'],
    ['an option without sense', 'mongodb://ann:sesame@127.0.0.1/?maxPoolSize=many'],
    ['a broken escape', 'mongodb://ann:ses%zame@127.0.0.1/desk'],
    ['no host', 'mongodb://ann:sesame@/desk'],
  ])('refuses to open for a URL with %s, and does not repeat the password', async (_title, url) => {
    const opening = openMongoDbReadStore({ url });
    await expect(opening).rejects.toMatchObject({ name: 'ReadStoreUnusable' });
    await expect(opening).rejects.not.toMatchObject({ message: expect.stringContaining('sesame') });
    await expect(opening).rejects.not.toMatchObject({ message: expect.stringContaining('zame') });
    await expect(opening).rejects.not.toHaveProperty('cause');
    listener = createServer();
  });
});
