import { readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { ApiClient } from '../support/api-client';
import { adminKey, runFaultline, spawnUnreaped, startServerProcess } from '../support/server-process';
import { servicenowLog } from '../support/servicenow-log';
import { temporaryDirectory } from '../support/temporary';

type Logged = { readonly id: string; readonly number: string; readonly position: string };

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;

beforeEach(async () => {
  directory = await temporaryDirectory();
});

afterEach(() => directory.remove());

/** Starts what cannot start; answers what it says. */
async function failedStart(settings: Readonly<Record<string, string>> = {}, limit?: string): Promise<string> {
  const { status, errors } = await runFaultline(directory.path, ['start'], settings, limit);
  expect(status).toBe(1);
  return errors;
}

/** Runs a server for as long as `use` takes, on the directory of the test. */
async function withServer(use: (api: ApiClient) => Promise<void>): Promise<void> {
  const server = await startServerProcess(directory.path);
  await use(new ApiClient(server.url));
  expect(await server.stop()).toBe(0);
}

describe('a start that cannot succeed says why, ends with status 1 and damages nothing', () => {
  test('the port is taken', async () => {
    const other: Server = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    expect(await failedStart({ PORT: String(port) })).toMatch(new RegExp(`port ${port} on 127.0.0.1 is taken`));
    other.close();
    await withServer(async (api) => {
      expect((await api.get('/health/ready')).status).toBe(200);
    });
  });

  test('another process holds the directory, and goes on undisturbed', async () => {
    await withServer(async (api) => {
      expect(await failedStart()).toMatch(/in use by another process \(pid \d+\)/);
      expect((await api.post('/v1/incidents', { title: 'Undisturbed' })).status).toBe(201);
    });
  });

  test('the environment is wrong, in every variable that is', async () => {
    const errors = await failedStart({ PORT: 'high', EVENT_STORE: 'mysql:x', FAULTLINE_ADMIN_KEY: 'short' });
    expect(errors).toMatch(/PORT .*PORT=3000/);
    expect(errors).toMatch(/EVENT_STORE .*EVENT_STORE=lmdb:/);
    expect(errors).toMatch(/FAULTLINE_ADMIN_KEY/);
    expect(errors).not.toContain('short,');
  });

  test.each([
    ['cut off', (path: string) => truncate(path, 40_000)],
    ['overwritten', (path: string) => writeFile(path, Buffer.alloc(100_000, 'x'))],
  ])('the event store was %s', async (_name, damage) => {
    await withServer(async (api) => {
      await api.import('servicenow-audit', Buffer.from(servicenowLog(100)));
    });
    const path = join(directory.path, 'events', 'data.mdb');
    await damage(path);
    const damaged = await readFile(path);
    expect(await failedStart()).toMatch(/event store in .* is damaged .*restore data\.mdb from a backup/s);
    expect((await readFile(path)).equals(damaged)).toBe(true);
  });

  test('the read store was cut off: it can be thrown away and is built anew from the log', async () => {
    await withServer(async (api) => {
      await api.post('/v1/incidents', { title: 'Still there' });
    });
    await truncate(join(directory.path, 'read', 'data.mdb'), 10_000);
    expect(await failedStart()).toMatch(/read store .* Deleting this directory is safe/);
    await rm(join(directory.path, 'read'), { recursive: true });
    await withServer(async (api) => {
      const { body } = await api.get<{ items: object[] }>('/v1/incidents');
      expect(body.items).toMatchObject([{ title: 'Still there' }]);
    });
  });

  test('the master key is another one than the data was sealed under', async () => {
    await withServer(async (api) => {
      await api.post('/v1/incidents', { title: 'Sealed' });
    });
    expect(await failedStart({ FAULTLINE_MASTER_KEY: 'another-master-key-of-enough-characters' })).toMatch(
      /master key/i,
    );
  });

  test('there is no room for a new installation', async () => {
    expect(await failedStart({}, 'ulimit -f 8')).toMatch(/faultline: .*(written|disk|limit)/i);
    await withServer(async (api) => {
      expect((await api.get('/v1/me')).status).toBe(200);
    });
  });
});

test('a full disk refuses commands and answers queries; with room again, everything acknowledged is there', async () => {
  const description = Array.from({ length: 3_000 }, (_, index) => (index * 7919).toString(36)).join(' ');
  // Blocks of 512 bytes: about 1 MiB for each file.
  const server = await startServerProcess(directory.path, {}, 'ulimit -f 2048');
  const api = new ApiClient(server.url);
  const acknowledged: Logged[] = [];
  let refusal: { status: number; body: unknown } | undefined;
  while (!refusal) {
    const answer = await api.post<Logged>('/v1/incidents', { title: `No. ${acknowledged.length}`, description });
    if (answer.status === 201) acknowledged.push(answer.body);
    else refusal = answer;
  }
  expect(refusal).toMatchObject({ status: 503, body: { code: 'store.unavailable' } });
  expect(acknowledged.length).toBeGreaterThan(0);
  expect((await api.post('/v1/incidents', { title: 'Still no room', description })).status).toBe(503);
  const first = acknowledged[0] as Logged;
  expect((await api.get(`/v1/incidents/${first.number}/history`)).status).toBe(200);
  await server.kill();

  await withServer(async (again) => {
    for (const { id, number, position } of acknowledged) {
      const { status, body } = await again.get(`/v1/incidents/${id}?after=${position}`);
      expect({ status, body }).toMatchObject({ status: 200, body: { number, description } });
    }
    expect((await again.post('/v1/incidents', { title: 'Room again' })).status).toBe(201);
  });
});

test('a killed server gives up its directory also where nobody takes note of its death', async () => {
  // The shell becomes a program that never waits for its child: killed, the child stays behind as a zombie.
  const parent = spawnUnreaped(directory.path);
  const [line] = (await once(parent.stdout, 'data')) as [Buffer];
  expect(line.toString('utf8')).toMatch(/runs at/);
  const pid = Number(/\(pid (\d+)\)/.exec(await failedStart())?.[1]);
  process.kill(pid, 'SIGKILL');
  await withServer(async (api) => {
    expect((await api.get('/v1/me')).status).toBe(200);
  });
  parent.kill('SIGKILL');
});

describe('the command line, with and without a server', () => {
  test('imports, lists, rebuilds and exports on the stores themselves', async () => {
    const file = join(directory.path, 'log.csv');
    await writeFile(file, servicenowLog(20));
    const imported = await runFaultline(directory.path, ['import', file, '--format', 'servicenow-audit']);
    expect(imported).toMatchObject({
      status: 0,
      output: expect.stringMatching(/20 incidents .* imported, 0 unchanged/),
    });
    const again = await runFaultline(directory.path, ['import', file, '--format', 'servicenow-audit']);
    expect(again).toMatchObject({ status: 0, output: expect.stringMatching(/0 incidents .* imported, 20 unchanged/) });
    expect((await runFaultline(directory.path, ['rebuild', 'incidents'])).output).toMatch(
      /incidents: version 2 is live/,
    );
    expect((await runFaultline(directory.path, ['projections'])).output).toMatch(/^incidents +2 /m);
    const exported = await runFaultline(directory.path, ['export', '--out', join(directory.path, 'events.ndjson')]);
    expect(exported.status).toBe(0);
    const lines = (await readFile(join(directory.path, 'events.ndjson'), 'utf8')).trimEnd().split('\n');
    expect(lines.filter((line) => line.includes('"type":"IncidentLogged"'))).toHaveLength(20);
  });

  test('goes through a server that runs, and says what is refused', async () => {
    const server = await startServerProcess(directory.path);
    const through = (args: readonly string[]) =>
      runFaultline(directory.path, [...args, '--url', server.url, '--key', adminKey]);
    const file = join(directory.path, 'log.csv');
    await writeFile(file, servicenowLog(5));
    expect((await through(['import', file, '--format', 'servicenow-audit'])).output).toMatch(/5 incidents/);
    expect((await through(['projections'])).output).toMatch(/^timelines +1 /m);
    await writeFile(file, 'number,state\n1,New\n');
    const refused = await through(['import', file, '--format', 'servicenow-audit']);
    expect(refused).toMatchObject({
      status: 1,
      errors: expect.stringMatching(/lacks columns.*import\.missing-columns/),
    });
    expect(await through(['import', join(directory.path, 'none.csv'), '--format', 'vinst'])).toMatchObject({
      status: 1,
      errors: expect.stringMatching(/none\.csv cannot be read \(ENOENT\)/),
    });
    expect(await through(['rebuild', 'nothing'])).toMatchObject({ status: 1 });
    expect(await server.stop()).toBe(0);
  });
});
