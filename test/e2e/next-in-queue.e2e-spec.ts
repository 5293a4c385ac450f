import { Gateway, type Logged } from '../support/gateway';

const minute = 60_000;

type Caller = { readonly id: string; readonly key: string };

describe('the next incident of a queue', () => {
  let gateway: Gateway;

  beforeAll(async () => {
    gateway = await Gateway.start();
  });

  afterAll(() => gateway.stop());

  async function agent(name: string): Promise<Caller> {
    const { body: person } = await gateway.post('/v1/people', { name }).expect(201);
    const { id } = person as { id: string };
    const { body } = await gateway.post('/v1/keys', { name, person: id, role: 'agent' }).expect(201);
    return { id, key: (body as { key: string }).key };
  }

  async function queue(key: string): Promise<(body?: object) => Promise<Logged>> {
    await gateway.post('/v1/teams', { key, name: key, tier: 1 }).expect(201);
    return async (body = {}) => {
      gateway.advance(minute);
      return gateway.log({ team: key, ...body });
    };
  }

  async function next(team: string, key?: string): Promise<string | undefined> {
    const { status, body } = await gateway.post(`/v1/queues/${team}/next`, {}, key);
    if (status === 204) return undefined;
    expect(status).toBe(200);
    return (body as Logged).number;
  }

  test('is the most urgent one, then the oldest; nothing is handed out that does not wait', async () => {
    const log = await queue('by-urgency');
    const unknown = await log();
    const low = await log({ priority: 4 });
    const held = await log({ priority: 1 });
    await gateway.command(held.id, 'hold', { reason: 'supplier' });
    await log({ priority: 1, agent: 'me' });
    const older = await log({ priority: 2 });
    const younger = await log({ priority: 2 });
    await gateway.settle();
    const handed = [];
    for (let count = 0; count < 4; count += 1) handed.push(await next('by-urgency'));
    expect(handed).toEqual([older, younger, low, unknown].map(({ number }) => number));
    await gateway.post('/v1/queues/by-urgency/next').expect(204);
  });

  test('belongs to whoever asked, as the history tells', async () => {
    const log = await queue('to-whom');
    const { id, number } = await log();
    await gateway.settle();
    const bo = await agent('Bo');
    const { body, headers } = await gateway.post('/v1/queues/to-whom/next', {}, bo.key).expect(200);
    expect(body).toMatchObject({ id, number, revision: 2 });
    expect(headers).toMatchObject({ etag: '"2"', location: `/v1/incidents/${id}` });
    expect(await gateway.incident(id)).toMatchObject({ state: 'assigned', agent: bo.id, team: 'to-whom' });
  });

  test('is another one for each of twenty who ask at once', async () => {
    const log = await queue('rush');
    const logged: string[] = [];
    for (let index = 0; index < 20; index += 1) logged.push((await log({ priority: (index % 4) + 1 })).number);
    await gateway.settle();
    const agents = await Promise.all(['Cleo', 'Dan', 'Eve', 'Fay'].map(agent));
    const callers = Array.from({ length: 20 }, (_, index) => agents[index % agents.length]?.key);
    const handed = await Promise.all(callers.map((key) => next('rush', key)));
    expect([...handed].sort()).toEqual([...logged].sort());
    expect(await next('rush')).toBeUndefined();
  });

  test('is the same one again under the same Idempotency-Key, whatever became of it', async () => {
    const log = await queue('again');
    await log();
    await log();
    await gateway.settle();
    const ask = (key: string) => gateway.post('/v1/queues/again/next').set('idempotency-key', key).expect(200);
    const first = (await ask('one')).body as Logged;
    expect((await ask('one')).body).toEqual(first);
    await gateway.command(first.id, 'release', { reason: 'Not mine' });
    await gateway.settle();
    expect((await ask('one')).body).toEqual(first);
    const { body: history } = await gateway.get(`/v1/incidents/${first.id}/history`).expect(200);
    expect((history as { items: { type: string }[] }).items.map(({ type }) => type)).toEqual([
      'IncidentLogged',
      'Assigned',
      'Assigned',
      'ReturnedToQueue',
    ]);
    expect(((await ask('two')).body as Logged).number).toBe(first.number);
  });

  test('needs a team that exists, and takes no body', async () => {
    const { body } = await gateway.post('/v1/queues/nobody/next').expect(404);
    expect(body).toMatchObject({ code: 'team.not-found' });
    await gateway.post('/v1/queues/service-desk/next', { priority: 1 }).expect(400);
  });
});
