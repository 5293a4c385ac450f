import { writeFile } from 'node:fs/promises';
import { createServer, type Server as HttpServer } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import { type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { type EventStore, openEventStoreDbEventStore } from '@faultline/event-store';
import { testAuthority } from '../support/certificates';
import { type EventStoreDbServer, startEventStoreDbServer } from '../support/eventstoredb-server';
import { temporaryDirectory } from '../support/temporary';
import { all, eventOf } from './event-store.contract';

const msPerDay = 24 * 60 * 60 * 1000;
const password = 'changeit:@/?%41';
const encoded = encodeURIComponent(password);

type Attempt = (store: EventStore) => Promise<unknown>;

const attempts: readonly (readonly [string, Attempt])[] = [
  ['append', (store) => store.append('s-1', 'no-stream', [eventOf()])],
  ['head', (store) => store.head()],
  ['readStream', (store) => all(store.readStream('s-1'))],
  ['readAll', (store) => all(store.readAll({ filter: { streamPrefixes: ['s-'] } }))],
  ['subscribe', (store) => all(store.subscribe({ signal: new AbortController().signal }))],
];

/** Opens a store, has every call fail, and checks that no failure shows the password in any form. */
async function failures(url: string): Promise<{ call: string; problem: unknown; message: string }[]> {
  const store = await openEventStoreDbEventStore({ url, deadlineMs: 2_000 });
  const found = [];
  for (const [call, attempt] of attempts) {
    const error = (await attempt(store).then(
      () => new Error(`${call} succeeded`),
      (failure: unknown) => failure,
    )) as Error & { problem?: unknown };
    const everything = inspect(error, { depth: 10, showHidden: true });
    const basic = Buffer.from(`ops:${password}`).toString('base64');
    for (const secret of [password, encoded, 'changeit', basic]) expect(everything).not.toContain(secret);
    found.push({ call, problem: error.problem, message: error.message });
  }
  await store.close();
  return found;
}

const listening = (server: Server): Promise<number> =>
  new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      resolve((server.address() as AddressInfo).port);
    });
  });

describe('EventStoreDB behind TLS', () => {
  let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
  let server: EventStoreDbServer;

  /** Starts a server whose certificate holds until `days` from now; resolves to the file with its authority's certificate. */
  const start = async (days: number) => {
    const authority = testAuthority();
    const authorityFile = join(directory.path, 'authority.pem');
    await writeFile(authorityFile, authority.certificate);
    const until = Date.now() + days * msPerDay;
    const issued = authority.issue({ from: new Date(until - 10 * msPerDay), until: new Date(until) });
    server = await startEventStoreDbServer({
      tls: { ...issued, authorityFile },
      credentials: { username: 'ops', password },
    });
    return authorityFile;
  };

  const url = (login: string, authority?: string, protocol = 'esdb') =>
    `${protocol}://${login}@127.0.0.1:${server.port}?tls=true${authority === undefined ? '' : `&tlsCAFile=${authority}`}`;

  beforeEach(async () => {
    directory = await temporaryDirectory();
  });

  afterEach(async () => {
    await server.stop();
    await directory.remove();
  });

  it.each(['esdb', 'kurrentdb', 'esdb+discover', 'kurrentdb+discover'])('is reached by %s://', async (protocol) => {
    const authority = await start(1);
    const store = await openEventStoreDbEventStore({ url: url(`ops:${encoded}`, authority, protocol) });
    const { position } = await store.append('s-1', 'no-stream', [eventOf()]);
    expect(await store.head()).toBe(position);
    await store.close();
  });

  it('is refused with a wrong password, which is named as the cause but never shown', async () => {
    const authority = await start(1);
    for (const { call, problem, message } of await failures(
      url(`ops:${encodeURIComponent(`${password}!`)}`, authority),
    )) {
      expect([call, problem]).toEqual([call, 'refused']);
      expect(message).toContain(`127.0.0.1:${server.port}`);
    }
  });

  it.each([
    ['expired', -1, true, 'esdb'],
    ['untrusted', 1, false, 'esdb'],
    ['expired, also where it is to name its cluster', -1, true, 'esdb+discover'],
  ])('is refused where its certificate is %s', async (_what, days, trusted, protocol) => {
    const authority = await start(days);
    for (const { call, problem, message } of await failures(
      url(`ops:${encoded}`, trusted ? authority : undefined, protocol),
    )) {
      expect([call, problem]).toEqual([call, 'certificate']);
      expect(message).toMatch(new RegExp(`127.0.0.1:${server.port}.*certificate`));
    }
  });
});

describe('What is no EventStoreDB', () => {
  it.each([
    ['an HTTP server', (): Server => createServer((_request, response) => response.end('Hello'))],
    [
      'an HTTP/2 server',
      (): Server => createHttp2Server((_request, response) => response.writeHead(404).end()) as unknown as Server,
    ],
  ])('is recognised: %s', async (_what, create) => {
    const other = create();
    const port = await listening(other);
    for (const { call, problem, message } of await failures(`esdb://ops:${encoded}@127.0.0.1:${port}?tls=false`)) {
      expect([call, problem]).toEqual([call, 'wrong-server']);
      expect(message).toContain(`127.0.0.1:${port}`);
    }
    (other as Partial<HttpServer>).closeAllConnections?.();
    await new Promise((resolve) => other.close(resolve));
  });
});
