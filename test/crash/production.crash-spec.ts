import { randomUUID } from 'node:crypto';
import { versionedName, openMongoDbReadStore } from '@faultline/read-store';
import { type Answer, type ApiClient } from '../support/api-client';
import { describeMongoDbFaults } from '../support/mongodb-server';
import { eventually, type Program } from '../support/programs';
import { dumpMongoDbReadModels } from '../support/read-models';
import { servicenowLog } from '../support/servicenow-log';
import { insist, inTime, startTroubledProduction, type TroubledProduction } from '../support/trouble';

type Done = { readonly id: string; readonly revision: number; readonly position: string };
type Health = {
  readonly status: string;
  readonly checks: Readonly<Record<string, { readonly ok: boolean; readonly detail?: string }>>;
};
type Events = { readonly items: readonly { readonly type: string; readonly data: { readonly text?: string } }[] };
type Projections = {
  readonly items: readonly { readonly name: string; readonly version: number; readonly rebuild: object | null }[];
};

const models = ['incidents', 'timelines'];

// The table at the end of the design of the stores, by the programs of production: EventStoreDB by the protocol server, MongoDB by
// mongo-java-server, each frozen or killed while requests come in.
describeMongoDbFaults('production in trouble (EventStoreDB: protocol server)', () => {
  let production: TroubledProduction;
  let one: ApiClient;
  let other: ApiClient;

  beforeAll(async () => {
    production = await startTroubledProduction();
    [one, other] = production.gateways;
  });

  // A test that fails leaves nothing frozen to the next one.
  afterEach(() => {
    production.eventStore.resume();
    production.readStore.resume();
  });

  afterAll(() => production.stop());

  const command = (api: ApiClient, path: string, body: object, key: string = randomUUID()) =>
    api.post<Done>(path, body, { 'idempotency-key': key });

  /** Carries a command out, however often it takes. */
  async function done(api: ApiClient, path: string, body: object, key: string = randomUUID()): Promise<Done> {
    const { status, body: answer } = await insist(() => command(api, path, body, key));
    expect(status < 300 ? 'done' : answer).toBe('done');
    return answer;
  }

  const logged = (title: string) => done(one, '/v1/incidents', { title });
  const comment = (text: string) => ({ text, visibility: 'internal' });

  /** Resolves once the read models reflect an answer. */
  async function reflected({ id, position }: Done, api = other): Promise<void> {
    expect((await insist(() => api.get(`/v1/incidents/${id}?after=${position}`))).status).toBe(200);
  }

  async function texts({ id }: Done): Promise<(string | undefined)[]> {
    const { body } = await insist(() => one.get<Events>(`/v1/incidents/${id}/history`));
    return body.items.filter(({ data }) => data.text !== undefined).map(({ data }) => data.text);
  }

  /** Resolves with the health of a gateway once it is the one that is waited for; each answer comes in time. */
  async function health(api: ApiClient, isIt: (health: Health) => boolean): Promise<Answer<Health>> {
    let answer = await inTime(api.get<Health>('/health/ready'));
    await eventually(async () => {
      if (!isIt(answer.body)) answer = await inTime(api.get<Health>('/health/ready'));
      return isIt(answer.body);
    });
    return answer;
  }

  const isWell = ({ status }: Health) => status === 'ready';

  async function allWell(): Promise<void> {
    for (const api of [one, other]) expect((await health(api, isWell)).status).toBe(200);
  }

  function expectUnavailable({ status, headers, body }: Answer<unknown>): void {
    expect({ status, body }).toMatchObject({ status: 503, body: { code: 'store.unavailable' } });
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
  }

  const stall = () => {
    production.eventStore.pause();
    return Promise.resolve();
  };
  const wake = () => {
    production.eventStore.resume();
    return Promise.resolve();
  };

  test.each([
    ['away', () => production.eventStore.kill(), () => production.eventStore.start()],
    ['stalled', stall, wake],
  ])('an event store that is %s: commands are refused in time, queries go on', async (_name, begin, end) => {
    const incident = await logged('Before the trouble');
    await reflected(incident, one);
    await begin();

    const keys = Array.from({ length: 6 }, () => randomUUID());
    const path = `/v1/incidents/${incident.id}/comments`;
    const say = (key: string) => command(one, path, comment(key), key);
    for (const answer of await inTime(Promise.all(keys.map(say)))) expectUnavailable(answer);
    for (const query of ['/v1/incidents', '/v1/queues', '/v1/reports/backlog', '/v1/teams']) {
      expect((await inTime(one.get(query))).status).toBe(200);
    }
    const cause = new RegExp(`EventStoreDB at 127.0.0.1:${production.eventStorePort}`);
    const { status, body } = await health(one, ({ checks }) => cause.test(checks['eventStore']?.detail ?? ''));
    expect({ status, health: body.status }).toEqual({ status: 503, health: 'not-ready' });
    expect((await one.get('/health/live')).status).toBe(200);

    await end();
    const answers: Done[] = [];
    for (const key of keys) answers.push(await done(one, path, comment(key), key));
    for (const [index, key] of keys.entries()) {
      expect(await done(other, path, comment(key), key)).toEqual(answers[index]);
    }
    expect((await texts(incident)).sort()).toEqual([...keys].sort());
    await reflected(await logged('After the trouble'));
    await allWell();
  });

  test('an import that a stalled event store interrupts goes on when it is back, and takes everything in once', async () => {
    const incidents = 150;
    const importId = await one.import('servicenow-audit', Buffer.from(servicenowLog(incidents)));
    production.eventStore.pause();
    await health(one, ({ status }) => status === 'not-ready');
    production.eventStore.resume();
    type Import = { state: string; incidents: number; heldBackReasons: readonly { reason: string }[] };
    const status = () => insist(() => one.get<Import>(`/v1/imports/${importId}`));
    await eventually(async () => (await status()).body.state !== 'running');
    const { state, incidents: taken, heldBackReasons: held } = (await status()).body;
    expect({ state, incidents: taken + held.length }).toEqual({ state: 'done', incidents });
    for (const { reason } of held) expect(reason).toMatch(/logged here/);
    const { position } = await logged('Behind it');
    const path = `/v1/incidents?import=${importId}&limit=200&after=${position}`;
    const list = await insist(() => other.get<{ items: readonly object[] }>(path));
    expect(list.body.items).toHaveLength(taken);
    await allWell();
  });

  test('a read store that is away: commands go on, queries are refused in time, nothing is lost', async () => {
    const incident = await logged('Read later');
    await reflected(incident);
    production.readStore.pause();

    const said = await done(one, `/v1/incidents/${incident.id}/comments`, comment('unread'));
    const requester = { name: 'Nobody Before', email: `${randomUUID()}@example.org` };
    const unread = await done(one, '/v1/incidents', { title: 'Logged meanwhile', requester });
    const queries = ['/v1/incidents', '/v1/queues', '/v1/reports/backlog'];
    const after = `/v1/incidents/${unread.id}?after=${unread.position}`;
    const before = production.said().length;
    for (const query of [...queries, after]) expectUnavailable(await inTime(other.get(query)));
    const crowd = Array.from({ length: 30 }, () => other.get('/v1/incidents'));
    for (const answer of await inTime(Promise.all(crowd))) expectUnavailable(answer);
    expect(production.said().slice(before).split('\n').length).toBeLessThan(crowd.length);
    const { status, body } = await health(one, ({ checks }) => /MongoDB/.test(checks['readStore']?.detail ?? ''));
    expect({ status, health: body.status }).toEqual({ status: 200, health: 'commands-only' });

    production.readStore.resume();
    for (const answer of [said, unread]) await reflected(answer);
    await allWell();
  });

  const projections = async () => (await insist(() => one.get<Projections>('/v1/projections'))).body.items;
  const versionOf = async (model: string) => (await projections()).find(({ name }) => name === model)?.version ?? 0;
  const rebuilt = async (model: string, version: number) => eventually(async () => (await versionOf(model)) > version);

  /** Rebuilds every model over the API. */
  async function rebuildAll(): Promise<void> {
    for (const model of models) {
      const version = await versionOf(model);
      // Where an answer was lost, the request stands, and is not taken twice.
      const { status } = await insist(() => one.post(`/v1/projections/${model}/rebuild`, {}));
      expect([202, 409]).toContain(status);
      await rebuilt(model, version);
    }
  }

  test('a read store that goes away in the middle of a rebuild: it ends, and the next one works', async () => {
    await reflected(await logged('The last one before'));
    const store = await openMongoDbReadStore({ url: production.readStoreUrl });
    const next = versionedName('incidents', (await versionOf('incidents')) + 1);
    expect((await one.post('/v1/projections/incidents/rebuild', {})).status).toBe(202);
    await eventually(async () => (await store.collectionNames()).includes(next));
    production.readStore.pause();
    const meanwhile = await logged('During the rebuild');
    await health(one, ({ status }) => status === 'commands-only');
    production.readStore.resume();
    await store.close();

    await eventually(async () => (await projections()).every(({ rebuild }) => rebuild === null));
    await reflected(meanwhile);
    const live = await dumpMongoDbReadModels(production.readStoreUrl);
    await rebuildAll();
    expect(await dumpMongoDbReadModels(production.readStoreUrl)).toEqual(live);
  });

  async function modelsOf(projector: Program): Promise<readonly string[]> {
    const response = await fetch(`${await projector.url()}/health/ready`);
    const { checks } = (await response.json()) as { checks: { projections: { models: readonly string[] } } };
    return checks.projections.models;
  }

  test('a projector that freezes beyond its leases and wakes up does no harm', async () => {
    const [frozen, awake] = production.projectors as [Program, Program];
    await eventually(async () => (await modelsOf(frozen)).length === 1 && (await modelsOf(awake)).length === 1);
    const incident = await logged('Seen by one of them');
    await reflected(incident);
    const log = (count: number) =>
      Promise.all(
        Array.from({ length: count }, async (_, number) => {
          const { id } = await done(number % 2 ? one : other, '/v1/incidents', { title: `Number ${number}` });
          await done(number % 2 ? other : one, `/v1/incidents/${id}/comments`, comment('By the other gateway'));
        }),
      );
    const logging = log(30);
    frozen.process.kill('SIGSTOP');
    await logging;
    await eventually(async () => (await modelsOf(awake)).length === models.length);
    await reflected(await logged('Seen by the other one'));
    const again = log(30);
    frozen.process.kill('SIGCONT');
    await again;
    await eventually(async () => (await modelsOf(frozen)).length === 1 && (await modelsOf(awake)).length === 1);
    await reflected(await logged('Seen by both again'));

    const live = await dumpMongoDbReadModels(production.readStoreUrl);
    await rebuildAll();
    expect(await dumpMongoDbReadModels(production.readStoreUrl)).toEqual(live);
    expect(live['incidents']).toContainEqual(expect.objectContaining({ title: 'Seen by both again' }));
  });

  test('what one gateway has done the other one knows', async () => {
    const key = randomUUID();
    const body = { title: 'Asked twice' };
    const [first, second] = [
      await command(one, '/v1/incidents', body, key),
      await command(other, '/v1/incidents', body, key),
    ];
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(second.body).toEqual(first.body);
    expect((await command(other, '/v1/incidents', { title: 'Another' }, key)).status).toBe(422);
    const found = await insist(() =>
      other.get<{ title: string }>(`/v1/incidents/${first.body.id}?after=${first.body.position}`),
    );
    expect(found).toMatchObject({ status: 200, body: { title: 'Asked twice' } });
  });
});
