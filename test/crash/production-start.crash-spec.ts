import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { ApiClient, type Answer } from '../support/api-client';
import { testAuthority } from '../support/certificates';
import { startEventStoreDbServer, type EventStoreDbServer } from '../support/eventstoredb-server';
import {
  describeMongoDbFaults,
  freshDatabase,
  type MongoDbServer,
  startMongoDbServer,
} from '../support/mongodb-server';
import { type Environment, eventually, type Program, startProgram } from '../support/programs';
import { temporaryDirectory } from '../support/temporary';
import { commonEnvironment, freePort, inTime } from '../support/trouble';

type Health = { readonly status: string };

/** A program on a port that is known before it serves. */
type Waiting = { readonly program: Program; readonly api: ApiClient };

describeMongoDbFaults('programs that start without their stores (EventStoreDB: protocol server)', () => {
  let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
  let mongoDb: MongoDbServer;
  const started: Program[] = [];
  const servers: (EventStoreDbServer | MongoDbServer)[] = [];

  beforeAll(async () => {
    directory = await temporaryDirectory();
    mongoDb = await startMongoDbServer();
  });

  afterEach(async () => {
    await Promise.all(started.splice(0).map((program) => program.stop()));
    await Promise.all(servers.splice(0).map((server) => server.kill()));
  });

  afterAll(async () => {
    await mongoDb.kill();
    await directory.remove();
  });

  const start = (name: 'gateway' | 'projector', environment: Environment): Program => {
    const program = startProgram(name, {
      ...commonEnvironment,
      WORK_DIRECTORY: join(directory.path, 'imports'),
      ...environment,
    });
    started.push(program);
    return program;
  };

  async function startWaiting(name: 'gateway' | 'projector', environment: Environment): Promise<Waiting> {
    const port = await freePort();
    return {
      program: start(name, { ...environment, PORT: String(port) }),
      api: new ApiClient(`http://127.0.0.1:${port}`),
    };
  }

  /** Waits until the program says this of its stores, and nothing else but that it lives. */
  async function says({ api, program }: Waiting, cause: RegExp): Promise<void> {
    const ask = () => inTime(api.get<Health>('/health/ready')).catch(() => undefined);
    let answer: Answer<Health> | undefined;
    await eventually(async () => {
      answer = await ask();
      return program.process.exitCode !== null || cause.test(JSON.stringify(answer?.body));
    });
    expect(program.process.exitCode).toBeNull();
    expect(answer).toMatchObject({ status: 503, body: { status: 'not-ready' } });
    expect((await api.get('/health/live')).status).toBe(200);
    expect((await inTime(api.get('/v1/incidents'))).status).not.toBe(200);
  }

  async function becomesReady({ api, program }: Waiting): Promise<void> {
    await program.url();
    await eventually(async () => (await inTime(api.get('/health/ready'))).status === 200);
  }

  /** What the program logged while it waited: one line for each cause. */
  function waits({ program }: Waiting): string[] {
    const lines = [...program.said().matchAll(/"msg":"(Waiting for the stores: [^"]*)"/g)].map(
      ([, line]) => line ?? '',
    );
    expect(new Set(lines).size).toBe(lines.length);
    return lines;
  }

  const stores = (eventStore: string, readStore = freshDatabase(mongoDb.url).url): Environment => ({
    EVENT_STORE: eventStore,
    READ_STORE: readStore,
  });

  test('an event store that is absent, then something else at its port, then there', async () => {
    const port = await freePort();
    const environment = stores(`esdb://127.0.0.1:${port}?tls=false`);
    const gateway = await startWaiting('gateway', environment);
    const projector = await startWaiting('projector', environment);
    for (const program of [gateway, projector]) await says(program, /EventStoreDB at 127.0.0.1:\d+ cannot be used/);
    const web = createServer((_, response) => response.end('Hello')).listen(port, '127.0.0.1');
    await once(web, 'listening');
    for (const program of [gateway, projector]) await says(program, /is no EventStoreDB without TLS/);
    web.close();
    web.closeAllConnections();
    await once(web, 'close');
    servers.push(await startEventStoreDbServer({ port }));
    for (const program of [gateway, projector]) await becomesReady(program);
    expect(waits(gateway).length).toBeGreaterThanOrEqual(2);
    expect(waits(gateway).length).toBeLessThan(8);
  });

  test('an event store that refuses the password, which is never said, until it is the right one', async () => {
    const authority = testAuthority();
    const authorityFile = join(directory.path, 'authority.pem');
    await writeFile(authorityFile, authority.certificate);
    const tls = { ...authority.issue(), authorityFile };
    const [password, other] = ['the-password-of-the-program', 'the-password-of-the-server'];
    const server = await startEventStoreDbServer({ tls, credentials: { username: 'ops', password: other } });
    const { port } = server;
    const url = `esdb://ops:${password}@127.0.0.1:${port}?tls=true&tlsCAFile=${encodeURIComponent(authorityFile)}`;
    const gateway = await startWaiting('gateway', stores(url));
    await says(gateway, /refuses these credentials/);
    expect(JSON.stringify((await gateway.api.get('/health/ready')).body)).not.toContain(password);
    await server.kill();
    servers.push(await startEventStoreDbServer({ port, tls, credentials: { username: 'ops', password } }));
    await becomesReady(gateway);
    expect(waits(gateway).length).toBeGreaterThanOrEqual(1);
    expect(gateway.program.said()).not.toContain(password);
  });

  test('a MongoDB that is absent, then there', async () => {
    const eventStore = await startEventStoreDbServer();
    servers.push(eventStore);
    const port = await freePort();
    const environment = stores(eventStore.connectionString, `mongodb://127.0.0.1:${port}/faultline`);
    const gateway = await startWaiting('gateway', environment);
    const projector = await startWaiting('projector', environment);
    for (const program of [gateway, projector]) await says(program, /MongoDB does not answer/);
    servers.push(await startMongoDbServer({ port }));
    for (const program of [gateway, projector]) await becomesReady(program);
    for (const program of [gateway, projector]) expect(waits(program).length).toBeLessThan(4);
  });

  test('the first start on servers without an administrator’s key ends and says what is missing', async () => {
    const eventStore = await startEventStoreDbServer();
    servers.push(eventStore);
    const gateway = start('gateway', { ...stores(eventStore.connectionString), FAULTLINE_ADMIN_KEY: '' });
    expect(await inTime(gateway.ended)).toBe(1);
    expect(gateway.said()).toMatch(/FAULTLINE_ADMIN_KEY must be given/);
  });

  test.each(['gateway', 'projector'] as const)('the %s does not run on embedded stores, and says why', async (name) => {
    const embedded = { EVENT_STORE: `lmdb:${directory.path}`, READ_STORE: `lmdb:${directory.path}` };
    const program = start(name, embedded);
    expect(await inTime(program.ended)).toBe(1);
    expect(program.said()).toMatch(/EVENT_STORE must name a server[\s\S]*READ_STORE must name a server/);
  });
});
