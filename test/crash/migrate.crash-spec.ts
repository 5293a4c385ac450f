import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { openFileBlobStore } from '@faultline/blob-store';
import { type EventStore, openEventStoreDbEventStore } from '@faultline/event-store';
import { openFileKeyStore } from '@faultline/key-store';
import { ApiClient } from '../support/api-client';
import { type EventStoreDbServer, startEventStoreDbServer } from '../support/eventstoredb-server';
import { describeWithMongoDb, freshDatabase } from '../support/mongodb-server';
import { beginFaultline, runFaultline, startServerProcess } from '../support/server-process';
import { servicenowLog } from '../support/servicenow-log';
import { temporaryDirectory } from '../support/temporary';
import { until } from '../support/until';

// A team moves from embedded stores to servers. The process that moves is killed by SIGKILL again and again, and the server to which it moves
// dies under it; then a gateway on the new stores answers what the old one did.

const kills = 5;
const incidents = 250;
const masterKey = 'a-master-key-for-tests-only-0123456789';

type Directory = Awaited<ReturnType<typeof temporaryDirectory>>;
type Page = { readonly items: readonly { readonly name: string }[] };
type Standing = { readonly items: readonly { readonly lagMs: number }[] };
type Settings = Readonly<Record<string, string>>;
type Answers = Readonly<Record<string, unknown>>;

let source: Directory;
let answers: Answers;
/** The ids of its events, in order. */
let original: readonly string[];
/** The instant as of which reports are asked for. */
let asOf: string;
/** An incident with personal data, and one whose requester was erased. */
let kept: string;
let erased: string;

/** What people see: an incident, how it was once, its history, and every report. Positions are each log's own. */
async function ask(api: ApiClient): Promise<Answers> {
  const found: Record<string, unknown> = {};
  const get = async <Body>(path: string): Promise<Body> => {
    const { status, body } = await api.get<Body>(path);
    found[path] = { status, body: JSON.parse(withoutPositions(JSON.stringify(body))) as unknown };
    return body;
  };
  for (const id of [kept, erased, 'INC0000007', 'INC0000123']) {
    await get(`/v1/incidents/${id}`);
    await get(`/v1/incidents/${id}?revision=0`);
    await get(`/v1/incidents/${id}/history`);
  }
  const { items } = await get<Page>('/v1/reports');
  const needs: Settings = {
    backlog: 'at=2016-02-02T00:00:00Z',
    sla: 'source=imported&groupBy=team',
    trends: 'dimension=category&bucket=week',
    volume: 'groupBy=state',
    'resolution-time': 'groupBy=team',
    'acknowledgement-time': 'groupBy=team',
  };
  for (const { name } of items) await get(`/v1/reports/${name}?${needs[name] ?? ''}&asOf=${asOf}`);
  return found;
}

const withoutPositions = (text: string): string => text.replaceAll(/[0-9a-f]{16}-[0-9a-f]{16}/g, 'position');

async function makeSource(): Promise<void> {
  source = await temporaryDirectory();
  const server = await startServerProcess(source.path);
  const api = new ApiClient(server.url);
  const importId = await api.import('servicenow-audit', Buffer.from(servicenowLog(incidents)));
  await until(async () => (await api.get<{ state: string }>(`/v1/imports/${importId}`)).body.state === 'done');
  const log = async (name: string): Promise<string> => {
    const requester = { name, email: `${name.toLowerCase()}@example.org` };
    const body = { title: `${name} cannot log in`, requester, impact: 2, urgency: 2, team: 'service-desk' };
    const { body: logged } = await api.post<{ id: string }>('/v1/incidents', body);
    await api.post(`/v1/incidents/${logged.id}/comments`, { text: `${name} called again`, visibility: 'public' });
    return logged.id;
  };
  kept = await log('Ann');
  erased = await log('Bo');
  const { body } = await api.get<{ requester: { id: string } }>(`/v1/incidents/${erased}?revision=0`);
  expect(await server.stop()).toBe(0);
  const keys = await openFileKeyStore({ directory: source.path });
  expect(await keys.destroyKeys(body.requester.id)).toHaveLength(1);
  await keys.close();
  const blobs = await openFileBlobStore({ directory: source.path });
  await blobs.put('attachment-1', Readable.from([Buffer.alloc(700_000, 'attached')]));
  await blobs.close();
  expect(await runFaultline(source.path, ['rebuild'])).toMatchObject({ status: 0 });
  const again = await startServerProcess(source.path);
  asOf = new Date().toISOString();
  answers = await ask(new ApiClient(again.url));
  expect(await again.stop()).toBe(0);
  const { output } = await runFaultline(source.path, ['export']);
  const lines = output.trimEnd().split('\n');
  original = lines.map((line) => (JSON.parse(line) as { id: string }).id);
}

/** Counts the events of a log as they come. */
function counting(store: EventStore): { readonly count: () => number; readonly stop: () => Promise<void> } {
  let count = 0;
  const stopping = new AbortController();
  const following = (async () => {
    for await (const { events } of store.subscribe({ signal: stopping.signal })) count += events.length;
  })();
  const stop = async () => {
    stopping.abort();
    await following;
  };
  return { count: () => count, stop };
}

beforeAll(makeSource);
afterAll(() => source.remove());

describe('faultline migrate', () => {
  let directory: Directory;
  let server: EventStoreDbServer;
  let events: EventStore;

  beforeEach(async () => {
    directory = await temporaryDirectory();
    server = await startEventStoreDbServer({ directory: join(directory.path, 'log') });
    events = await openEventStoreDbEventStore({ url: server.connectionString });
  });

  afterEach(async () => {
    await events.close();
    await server.stop();
    await directory.remove();
  });

  const args = (...more: string[]) => ['migrate', '--from', `lmdb:${source.path}`, ...more];
  const toServer = (...more: string[]) => args('--to', server.connectionString, ...more);
  const run = (settings: Settings, command: string[]) => runFaultline(directory.path, command, settings);

  /** Kills the moving process whenever it has moved something, and lets the last one end. */
  async function moveUnderKills(settings: Settings): Promise<string> {
    const { count, stop } = counting(events);
    const moveOn = async () => {
      const before = count();
      const moving = beginFaultline(directory.path, toServer(), settings);
      let over = false;
      void moving.ended.then(() => {
        over = true;
      });
      await until(() => over || count() > before);
      expect(over).toBe(false);
      return moving;
    };
    for (let round = 0; round < kills; round += 1) {
      expect((await (await moveOn()).kill()).status).toBeNull();
    }
    const moving = await moveOn();
    await server.kill();
    await server.restart();
    // Killed once more when the events are there, and not yet all blobs, or nothing verified.
    await until(() => count() === original.length);
    expect([null, 0]).toContain((await moving.kill()).status);
    await stop();
    const { status, output, errors } = await run(settings, toServer());
    expect({ status, errors }).toEqual({ status: 0, errors: '' });
    return output;
  }

  /** What a gateway answers that has built its read models from the log itself. */
  async function answersOf(path: string, settings: Settings): Promise<Answers> {
    const gateway = await startServerProcess(path, settings);
    const api = new ApiClient(gateway.url);
    await until(async () => (await api.get<Standing>('/v1/projections')).body.items.every(({ lagMs }) => lagMs === 0));
    const found = await ask(api);
    expect(await gateway.stop()).toBe(0);
    return found;
  }

  const answersOnTarget = (settings: Settings) =>
    answersOf(directory.path, { EVENT_STORE: server.connectionString, ...settings });

  it('survives kill -9 at any point and a server that dies: each event once, in order, and the same answers', async () => {
    const output = await moveUnderKills({});
    expect(output).toContain('1 of them destroyed');
    const ids: string[] = [];
    for await (const { id } of events.readAll()) ids.push(id);
    expect(output).toContain(`events  ${ids.length} in `);
    expect(ids).toEqual(original);
    const verified = await run({}, toServer('--verify-only'));
    expect(verified).toMatchObject({ status: 0, errors: '' });
    expect(await answersOnTarget({})).toEqual(answers);
    expect(JSON.stringify(answers[`/v1/incidents/${kept}`])).toContain('Ann cannot log in');
    expect(JSON.stringify(answers[`/v1/incidents/${erased}`])).not.toContain('Bo cannot');
    // The gateway has gone on; it is still what it was.
    expect(await run({}, toServer('--verify-only'))).toMatchObject({ status: 0 });
  });

  it('brings a history back to embedded stores', async () => {
    const back = join(directory.path, 'back');
    expect(await run({}, toServer())).toMatchObject({ status: 0 });
    const home = ['migrate', '--from', server.connectionString, '--to', `lmdb:${back}`];
    expect(await run({}, home)).toMatchObject({ status: 0, errors: '' });
    expect(await answersOf(back, {})).toEqual(answers);
  });

  const nothingWritten = async () => {
    expect(await events.head()).toBeUndefined();
    expect(existsSync(join(directory.path, 'keys', 'keys.ndjson'))).toBe(false);
  };

  it('says what is wrong with what it is given, and changes nothing', async () => {
    const wrongKey = { FAULTLINE_FROM_MASTER_KEY: 'a-master-key-that-was-never-used' };
    const nowhere = join(directory.path, 'nowhere');
    const cases: readonly (readonly [Settings, string[], RegExp])[] = [
      [wrongKey, toServer(), /do not open with this master key/],
      [{}, ['migrate', '--from', `lmdb:${nowhere}`, '--to', server.connectionString], /no event store in /],
      [{}, args('--to', `lmdb:${source.path}/../${source.path.split('/').at(-1) ?? ''}`), /the same event store/],
      [{}, args('--to', 'postgres://host'), /--to must be lmdb: and a directory, or a connection string esdb/],
      [{}, toServer('--from-keys', `file:${nowhere}`), /no key store in /],
      [{}, toServer('--to-keys', 'mongodb://127.0.0.1:1/x'), /FAULTLINE_MASTER_KEY must be given/],
      [{ EVENT_STORE: '' }, args(), /say where to/],
    ];
    for (const [settings, command, message] of cases) {
      const { status, output, errors } = await run(settings, command);
      expect({ status, output, errors }).toEqual({ status: 1, output: '', errors: expect.stringMatching(message) });
      expect(errors).not.toMatch(/\n\s+at /);
    }
    await nothingWritten();
    expect(existsSync(nowhere)).toBe(false);
  });

  it('does not copy what a server is writing, nor to where something else is', async () => {
    const running = await startServerProcess(source.path);
    const refused = await run({}, toServer());
    expect(await running.stop()).toBe(0);
    expect(refused).toMatchObject({ status: 1, errors: expect.stringContaining('is in use by another process') });
    await nothingWritten();
    const other = join(directory.path, 'other');
    const fresh = await startServerProcess(other);
    expect(await fresh.stop()).toBe(0);
    const files = await readdir(join(other, 'keys'));
    const mixed = await run({}, args('--to', `lmdb:${other}`));
    expect(mixed).toMatchObject({ status: 1, errors: expect.stringContaining('The first difference is event') });
    expect(await readdir(join(other, 'keys'))).toEqual(files);
  });

  describeWithMongoDb('faultline migrate to MongoDB', (url) => {
    it('moves them too, under another master key', async () => {
      const database = freshDatabase(url());
      const mongoDb = { READ_STORE: database.url, KEY_STORE: database.url, BLOB_STORE: database.url };
      const settings = { ...mongoDb, FAULTLINE_MASTER_KEY: masterKey };
      const output = await moveUnderKills(settings);
      expect(output).toMatch(/keys {4}\d+, 1 of them destroyed; in mongodb:/);
      expect(existsSync(join(directory.path, 'keys', 'keys.ndjson'))).toBe(false);
      expect(await answersOnTarget(settings)).toEqual(answers);
      await database.drop();
    });
  });
});
