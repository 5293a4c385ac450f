import { randomUUID } from 'node:crypto';
import { appendFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  AccessDeniedError,
  CancelledError,
  EventStoreDBClient,
  NotLeaderError,
  StreamNotFoundError,
  TimeoutError,
  UnavailableError,
  WrongExpectedVersionError,
  jsonEvent,
} from '@eventstore/db-client';
import { testAuthority } from '../support/certificates';
import {
  startCluster,
  startEventStoreDbServer,
  type EventStoreDbServer,
  type ServerOptions,
} from '../support/eventstoredb-server';
import { temporaryDirectory } from '../support/temporary';

const aStream = () => `stream-${randomUUID()}`;
const anEvent = (n = 1) => jsonEvent({ type: 'Happened', data: { n } });

async function all<Event>(events: AsyncIterable<Event>): Promise<Event[]> {
  const found: Event[] = [];
  for await (const event of events) found.push(event);
  return found;
}

const clients: EventStoreDBClient[] = [];
const stops: (() => Promise<void>)[] = [];

/** One client at a time appends by BatchAppend; another one beside it by Append, which call credentials choose. */
const byAppend = { credentials: { username: 'admin', password: 'changeit' } };

function connect(connectionString: string): EventStoreDBClient {
  const client = EventStoreDBClient.connectionString(connectionString);
  clients.push(client);
  return client;
}

async function start(options?: ServerOptions): Promise<EventStoreDbServer> {
  const server = await startEventStoreDbServer(options);
  stops.push(() => server.stop());
  return server;
}

beforeAll(() => {
  process.stdout.write("EventStoreDB's faults, cluster and disk: checked against the protocol server.\n");
});

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.dispose()));
  await Promise.all(stops.splice(0).map((stop) => stop()));
});

/** A subscription that has caught up, and how it ends: with an error, or undefined. */
async function openSubscription(client: EventStoreDBClient) {
  const subscription = client.subscribeToAll({ fromPosition: 'end' });
  const ended = all(subscription).then(
    () => undefined,
    (error: unknown) => error,
  );
  await new Promise<void>((resolve) => subscription.once('caughtUp', resolve));
  return { ended };
}

describe('a server told to misbehave', () => {
  it('stalls: an append is neither done nor refused until it resumes', async () => {
    const server = await start();
    const client = connect(server.connectionString);
    const [before, during] = [aStream(), aStream()];
    await client.appendToStream(before, anEvent());
    server.misbehave.stall();
    await expect(client.appendToStream(aStream(), anEvent(), { ...byAppend, deadline: 50 })).rejects.toMatchObject({
      type: 'deadline-exceeded',
    });
    let answered = false;
    const pending = client.appendToStream(during, anEvent()).then(() => (answered = true));
    await new Promise(setImmediate);
    expect(answered).toBe(false);
    server.misbehave.resume();
    await pending;
    expect(await all(client.readStream(during))).toHaveLength(1);
  });

  it.each([
    ['BatchAppend', {}],
    ['Append', byAppend],
  ])('loses the connection of %s before the write, or after it', async (_, options) => {
    const server = await start();
    const client = connect(server.connectionString);
    await client.appendToStream(aStream(), anEvent());
    const [lost, done] = [aStream(), aStream()];
    server.misbehave.dropBeforeCommit();
    await expect(client.appendToStream(lost, anEvent(), options)).rejects.toBeInstanceOf(UnavailableError);
    await expect(all(client.readStream(lost))).rejects.toBeInstanceOf(StreamNotFoundError);
    server.misbehave.dropAfterCommit();
    const event = anEvent();
    const append = () => client.appendToStream(done, event, { ...options, expectedRevision: 'no_stream' });
    await expect(append()).rejects.toBeInstanceOf(UnavailableError);
    expect(await append()).toMatchObject({ nextExpectedRevision: 0n });
    expect(await all(client.readStream(done))).toHaveLength(1);
  });

  it.each([
    ['BatchAppend', {}],
    ['Append', byAppend],
  ])('names another leader to %s, to which the client then goes', async (_, options) => {
    const [server, leader] = [await start(), await start()];
    const client = connect(server.connectionString);
    await client.appendToStream(aStream(), anEvent());
    server.misbehave.notLeader(1, '127.0.0.1', leader.port);
    const stream = aStream();
    const refused = client.appendToStream(stream, anEvent(), options);
    await expect(refused).rejects.toBeInstanceOf(NotLeaderError);
    await expect(refused).rejects.toMatchObject({ leader: { address: '127.0.0.1', port: leader.port } });
    await client.appendToStream(stream, anEvent(), options);
    await expect(all(connect(server.connectionString).readStream(stream))).rejects.toBeInstanceOf(StreamNotFoundError);
  });

  it('is too busy or not ready: said in a status, and by BatchAppend in a message only', async () => {
    const server = await start();
    const client = connect(server.connectionString);
    server.misbehave.tooBusy();
    await expect(client.appendToStream(aStream(), anEvent())).rejects.toMatchObject({
      type: 'unknown',
      message: 'Could not recognize Server Is Busy',
    });
    server.misbehave.notReady();
    await expect(client.appendToStream(aStream(), anEvent())).rejects.toMatchObject({
      message: 'Could not recognize Server Is Not Ready',
    });
    server.misbehave.tooBusy(2);
    await expect(client.appendToStream(aStream(), anEvent(), byAppend)).rejects.toMatchObject({
      type: 'unavailable',
      message: '14 UNAVAILABLE: Server Is Too Busy',
    });
    await expect(all(client.readAll())).rejects.toBeInstanceOf(UnavailableError);
    server.misbehave.notReady();
    await expect(client.deleteStream(aStream())).rejects.toMatchObject({
      message: '14 UNAVAILABLE: Server Is Not Ready',
    });
    await expect(all(client.readAll())).resolves.not.toHaveLength(0);
  });

  it('times out: said as a deadline by BatchAppend and as a timeout elsewhere', async () => {
    const server = await start();
    const client = connect(server.connectionString);
    const stream = aStream();
    server.misbehave.timeout(2);
    await expect(client.appendToStream(stream, anEvent())).rejects.toMatchObject({ type: 'deadline-exceeded' });
    await expect(client.appendToStream(stream, anEvent(), byAppend)).rejects.toBeInstanceOf(TimeoutError);
    await expect(all(client.readStream(stream))).rejects.toBeInstanceOf(StreamNotFoundError);
  });

  it('ends subscriptions in order, or drops them, and leaves other calls alone', async () => {
    const server = await start();
    const client = connect(server.connectionString);
    const first = await openSubscription(client);
    server.misbehave.endSubscriptions();
    expect(await first.ended).toBeUndefined();
    const second = await openSubscription(client);
    server.misbehave.dropSubscriptions();
    expect(await second.ended).toBeInstanceOf(UnavailableError);
    await client.appendToStream(aStream(), anEvent());
  });

  it('does nothing wrong any more once it is healed', async () => {
    const server = await start();
    const client = connect(server.connectionString);
    server.misbehave.dropBeforeCommit(5);
    server.misbehave.notLeader(5, '127.0.0.1', 1);
    server.misbehave.heal();
    await expect(client.appendToStream(aStream(), anEvent())).resolves.toMatchObject({ success: true });
  });
});

describe('a server that goes away', () => {
  it.each([
    ['stopped', (server: EventStoreDbServer) => server.stop(), CancelledError],
    ['killed', (server: EventStoreDbServer) => server.kill(), UnavailableError],
  ])('and is %s tells its subscribers so, and is found again with its data', async (_, end, expected) => {
    const server = await start();
    const client = connect(server.connectionString);
    const stream = aStream();
    await client.appendToStream(stream, anEvent(), { expectedRevision: 'no_stream' });
    const { ended } = await openSubscription(client);
    await end(server);
    expect(await ended).toBeInstanceOf(expected);
    await expect(all(client.readStream(stream))).rejects.toBeInstanceOf(UnavailableError);
    await server.restart();
    expect(await all(client.readStream(stream))).toHaveLength(1);
    await client.appendToStream(stream, anEvent(), { expectedRevision: 0n });
  });

  it('fails the appends under way when it is killed, which may be repeated afterwards', async () => {
    const server = await start();
    const client = connect(server.connectionString);
    await client.appendToStream(aStream(), anEvent());
    const events = Array.from({ length: 64 }, (_, n) => ({ stream: aStream(), event: anEvent(n) }));
    const append = ({ stream, event }: (typeof events)[number]) =>
      client.appendToStream(stream, event, { expectedRevision: 'no_stream' });
    const first = Promise.allSettled(events.map((each) => append(each)));
    await server.kill();
    await first;
    await server.restart();
    for (const each of events) expect(await append(each)).toMatchObject({ nextExpectedRevision: 0n });
    for (const { stream } of events) expect(await all(client.readStream(stream))).toHaveLength(1);
  });
});

describe('a server with a directory', () => {
  const inDirectory = async () => {
    const { path, remove } = await temporaryDirectory();
    const server = await startEventStoreDbServer({ directory: path });
    stops.push(async () => {
      await server.stop();
      await remove();
    });
    return { server, log: join(path, 'events.log') };
  };

  it('reads everything back: events, positions, metadata, deletions, and what was appended before', async () => {
    const { server } = await inDirectory();
    const client = connect(server.connectionString);
    const [kept, deleted, tombstoned] = [aStream(), aStream(), aStream()];
    const events = [anEvent(1), anEvent(2)];
    const first = await client.appendToStream(kept, events, { expectedRevision: 'no_stream' });
    await client.setStreamMetadata(kept, { maxCount: 1 });
    await client.appendToStream(deleted, anEvent());
    await client.deleteStream(deleted);
    await client.appendToStream(tombstoned, anEvent());
    await client.tombstoneStream(tombstoned);
    const before = await all(client.readAll());
    await server.restart();
    await expect(all(client.readStream(kept))).resolves.toMatchObject([{ event: { data: { n: 2 } } }]);
    expect(await all(client.readAll())).toEqual(before);
    await expect(all(client.readStream(deleted))).rejects.toBeInstanceOf(StreamNotFoundError);
    await expect(all(client.readStream(tombstoned))).rejects.toMatchObject({ type: 'stream-deleted' });
    expect(await client.appendToStream(kept, events, { expectedRevision: 'no_stream' })).toEqual(first);
    expect(await client.appendToStream(deleted, anEvent())).toMatchObject({ nextExpectedRevision: 1n });
  });

  it('forgets with a restart which ids it has seen, but for what a revision proves', async () => {
    const { server } = await inDirectory();
    const client = connect(server.connectionString);
    const stream = aStream();
    const event = anEvent();
    await client.appendToStream(stream, event, { expectedRevision: 'any' });
    expect(await client.appendToStream(stream, event)).toMatchObject({ nextExpectedRevision: 0n });
    await server.stop();
    await server.restart();
    expect(await all(client.readStream(stream)).catch(() => all(client.readStream(stream)))).toHaveLength(1);
    expect(await client.appendToStream(stream, event)).toMatchObject({ nextExpectedRevision: 1n });
  });

  it.each([
    ['cut short', async (log: string) => truncate(log, (await stat(log)).size - 1)],
    ['followed by half a write', async (log: string) => appendFile(log, Buffer.from([200, 0, 0, 0, 1, 2, 3, 4, 5]))],
  ])('drops an unfinished write from a log that is %s', async (_, damage) => {
    const { server, log } = await inDirectory();
    const client = connect(server.connectionString);
    const stream = aStream();
    await client.appendToStream(stream, [anEvent(1)]);
    await client.appendToStream(stream, [anEvent(2), anEvent(3)]);
    const size = (await stat(log)).size;
    await server.stop();
    await damage(log);
    const left = (await stat(log)).size < size ? 1 : 3;
    await server.restart();
    const again = connect(server.connectionString);
    expect(await all(again.readStream(stream))).toHaveLength(left);
    await again.appendToStream(stream, anEvent(4), { ...byAppend, expectedRevision: BigInt(left - 1) });
    await server.restart();
    expect(await all(connect(server.connectionString).readStream(stream))).toHaveLength(left + 1);
  });
});

describe('three nodes', () => {
  const cluster = async () => {
    const nodes = await startCluster();
    stops.push(() => nodes.stop());
    return nodes;
  };

  it.each(['connectionString', 'discoveryString'] as const)(
    'are found by %s, and the leader among them',
    async (by) => {
      const nodes = await cluster();
      nodes.moveLeader(2);
      nodes.nodes[0]!.misbehave.tooBusy(9);
      nodes.nodes[1]!.misbehave.tooBusy(9);
      const client = connect(nodes[by]);
      await expect(client.appendToStream(aStream(), anEvent())).resolves.toMatchObject({ success: true });
    },
  );

  it('have one that leads: the others name it to who insists, and pass writes on for who does not', async () => {
    const { nodes, leader } = await cluster();
    const follower = connect(nodes[1]!.connectionString);
    const stream = aStream();
    await follower.appendToStream(stream, anEvent());
    expect(await all(connect(leader.connectionString).readStream(stream))).toHaveLength(1);
    const insisting = follower.appendToStream(stream, anEvent(), { requiresLeader: true, ...byAppend });
    await expect(insisting).rejects.toBeInstanceOf(NotLeaderError);
    await expect(insisting).rejects.toMatchObject({ leader: { port: leader.port } });
    // The client has gone over to the leader by now.
    await follower.appendToStream(stream, anEvent(), { requiresLeader: true });
    const reader = connect(nodes[2]!.connectionString);
    await expect(all(reader.readStream(stream, { requiresLeader: true }))).rejects.toBeInstanceOf(NotLeaderError);
  });

  it('refuse a wrong revision, whichever of them is asked', async () => {
    const { nodes } = await cluster();
    for (const node of nodes) {
      const refused = connect(node.connectionString).appendToStream(aStream(), anEvent(), {
        ...byAppend,
        expectedRevision: 4n,
      });
      await expect(refused).rejects.toBeInstanceOf(WrongExpectedVersionError);
    }
  });

  it('go on without one of them', async () => {
    const nodes = await cluster();
    const client = connect(nodes.connectionString);
    const stream = aStream();
    await client.appendToStream(stream, anEvent());
    await nodes.nodes[0]!.kill();
    nodes.moveLeader(1);
    const subscribed = await all(client.readStream(stream)).catch(() => all(client.readStream(stream)));
    expect(subscribed).toHaveLength(1);
    await client.appendToStream(stream, anEvent(), { expectedRevision: 0n, requiresLeader: true });
  });
});

describe('a server with TLS and a user', () => {
  const authority = testAuthority();
  const credentials = { username: 'admin', password: 'changeit' };

  const secure = async (tls = authority.issue()) => {
    const { path, remove } = await temporaryDirectory();
    const authorityFile = join(path, 'ca.crt');
    await writeFile(authorityFile, authority.certificate);
    const server = await start({ tls: { ...tls, authorityFile }, credentials });
    stops.push(remove);
    return server;
  };

  it('serves who knows the password', async () => {
    const server = await secure();
    const client = connect(server.connectionString);
    const stream = aStream();
    await client.appendToStream(stream, anEvent());
    await client.appendToStream(stream, anEvent(), byAppend);
    expect(await all(client.readStream(stream))).toHaveLength(2);
  });

  it('tells a wrong password from none', async () => {
    const server = await secure();
    const wrong = connect(server.connectionString.replace('changeit', 'guess'));
    await expect(all(wrong.readAll())).rejects.toMatchObject({ type: 'access-denied', code: 16 });
    await expect(wrong.appendToStream(aStream(), anEvent())).rejects.toBeInstanceOf(AccessDeniedError);
    const anonymous = connect(server.connectionString.replace('admin:changeit@', ''));
    await expect(all(anonymous.readAll())).rejects.toMatchObject({ type: 'access-denied', code: 7 });
  });

  it.each([
    ['has expired', () => authority.issue({ from: new Date(0), until: new Date(1) })],
    ['comes from another authority', () => testAuthority('Somebody else').issue()],
  ])('is not trusted where its certificate %s', async (_, certificate) => {
    const server = await secure(certificate());
    await expect(all(connect(server.connectionString).readAll())).rejects.toBeInstanceOf(UnavailableError);
  });
});
