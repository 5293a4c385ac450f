import { Gateway } from '../support/gateway';
import { adminKey } from '../support/server-process';

type Page = { readonly items: readonly Readonly<Record<string, unknown>>[]; readonly nextCursor: string | null };

describe('registers', () => {
  let gateway: Gateway;

  beforeAll(async () => {
    gateway = await Gateway.start();
  });

  afterAll(() => gateway.stop());

  const items = async (path: string): Promise<Page['items']> =>
    ((await gateway.get(path).expect(200)).body as Page).items;
  const code = async (path: string, body: object, status: number): Promise<string> =>
    ((await gateway.post(path, body).expect(status)).body as { code: string }).code;

  test('teams are there from the start, are created, changed, retired and have a history', async () => {
    expect((await items('/v1/teams')).map(({ key }) => key)).toEqual([
      'application-support',
      'engineering',
      'infrastructure',
      'service-desk',
    ]);
    const team = { key: 'databases', name: 'Databases', tier: 2, escalatesTo: 'engineering' };
    const created = await gateway.post('/v1/teams', team).expect(201);
    expect(created.body).toMatchObject({ key: 'databases', revision: 0 });
    expect((await gateway.get('/v1/teams/databases').expect(200)).body).toMatchObject(team);
    await gateway.post('/v1/teams/databases/details', { name: 'Data' }).set('if-match', '"0"').expect(200);
    await gateway.post('/v1/teams/databases/details', { name: 'Other' }).set('if-match', '"0"').expect(412);
    await gateway.post('/v1/teams/databases/retirement').expect(200);
    expect((await gateway.get('/v1/teams/databases').expect(200)).body).toMatchObject({ name: 'Data', retired: true });
    expect((await gateway.post('/v1/incidents', { title: 'T', team: 'databases' })).status).toBe(400);
    await gateway.post('/v1/teams/databases/reinstatement').expect(200);
    const types = (await items('/v1/teams/databases/history')).map(({ type }) => type);
    expect(types).toEqual(['TeamCreated', 'TeamChanged', 'TeamRetired', 'TeamReinstated']);
  });

  test('a team escalates to another one of a higher tier only', async () => {
    const team = { key: 'new', name: 'New', tier: 2 };
    expect(await code('/v1/teams', { ...team, escalatesTo: 'nobody' }, 400)).toBe('team.unknown-target');
    expect(await code('/v1/teams', { ...team, escalatesTo: 'service-desk' }, 400)).toBe('team.not-a-higher-tier');
    expect(await code('/v1/teams', { ...team, key: 'engineering' }, 409)).toBe('team.exists');
    expect(await code('/v1/teams/new/details', { name: 'N' }, 404)).toBe('team.not-found');
  });

  test('an escalation goes where the team, or the category, says', async () => {
    await gateway
      .post('/v1/teams/service-desk/details', { escalatesToByCategory: { network: 'infrastructure' } })
      .expect(200);
    const network = await gateway.log({ team: 'service-desk', category: 'network' });
    const software = await gateway.log({ team: 'service-desk', category: 'software' });
    for (const { id } of [network, software]) {
      await gateway.command(id, 'escalations', { kind: 'functional', reason: 'Hard' });
    }
    expect(await gateway.incident(network.id)).toMatchObject({ team: 'infrastructure', tier: 2 });
    expect(await gateway.incident(software.id)).toMatchObject({ team: 'application-support' });
  });

  test('services are created, changed and retired', async () => {
    await gateway.post('/v1/services', { key: 'payroll', name: 'Payroll' }).expect(201);
    await gateway.post('/v1/services/payroll/details', { description: 'Pays' }).expect(200);
    expect((await gateway.get('/v1/services/payroll').expect(200)).body).toMatchObject({
      key: 'payroll',
      name: 'Payroll',
      description: 'Pays',
      retired: false,
    });
    expect((await items('/v1/services?q=PAY')).map(({ key }) => key)).toEqual(['payroll']);
    expect((await items('/v1/services/payroll/history')).map(({ type }) => type)).toEqual([
      'ServiceCreated',
      'ServiceChanged',
    ]);
  });

  test('persons are found by what identifies them, and their history is theirs to read in clear text', async () => {
    const created = await gateway.post('/v1/people', { name: 'Dee', email: 'Dee@Example.org' }).expect(201);
    const { id } = created.body as { id: string };
    const again = await gateway.post('/v1/people', { name: 'Dee again', email: 'dee@example.org' }).expect(200);
    expect(again.body).toMatchObject({ id });
    await gateway.post(`/v1/people/${id}/details`, { phone: '030 12345', email: null }).expect(200);
    expect((await gateway.get(`/v1/people/${id}`).expect(200)).body).toMatchObject({
      name: 'Dee',
      email: null,
      phone: '03012345',
    });
    const [registered] = await items(`/v1/people/${id}/history`);
    expect(registered).toMatchObject({ type: 'PersonRegistered', data: { name: 'Dee', email: 'dee@example.org' } });
    const other = await gateway.post('/v1/people', { name: 'Heir', email: 'dee@example.org' }).expect(201);
    expect((other.body as { id: string }).id).not.toBe(id);
  });

  test('nothing personal stands in the log in the clear', async () => {
    await gateway.log({ title: 'Secret title', description: 'Secret story', requester: { name: 'Secret name' } });
    const sealed: string[] = [];
    for await (const event of gateway.events.readAll()) sealed.push(JSON.stringify(event));
    expect(sealed.join('\n')).not.toMatch(/Secret (title|story|name)/);
  });

  test('the catalog lists categories, codes and reasons, and may refuse what it does not list', async () => {
    await gateway
      .post('/v1/catalog/categories', { categories: [{ category: 'garden', subcategory: 'hose' }] })
      .expect(200);
    await gateway.post('/v1/catalog/resolution-codes', { key: 'watered', name: 'Watered' }).expect(200);
    await gateway.post('/v1/catalog/hold-reasons', { key: 'rain', name: 'Waiting for rain' }).expect(200);
    const { body } = await gateway.get('/v1/catalog').expect(200);
    expect(body).toMatchObject({
      categories: expect.arrayContaining([{ category: 'garden', subcategories: ['hose'] }]),
      resolutionCodes: expect.arrayContaining([{ key: 'watered', name: 'Watered' }]),
      holdReasons: expect.arrayContaining([{ key: 'rain', name: 'Waiting for rain' }]),
      priorityMatrix: [
        [1, 2, 3],
        [2, 3, 4],
        [3, 4, 4],
      ],
    });
    const { id } = await gateway.log({ category: 'attic' });
    await gateway.command(id, 'hold', { reason: 'rain' });
    await gateway.post('/v1/catalog/policy', { unlistedCategories: 'refuse' }).expect(200);
    expect((await gateway.post('/v1/incidents', { title: 'T', category: 'attic' })).status).toBe(400);
    await gateway.log({ category: 'garden', subcategory: 'hose' });
    await gateway.delete('/v1/catalog/categories/garden/hose').expect(200);
    expect((await gateway.post('/v1/incidents', { title: 'T', category: 'garden', subcategory: 'hose' })).status).toBe(
      400,
    );
    await gateway.delete('/v1/catalog/hold-reasons/rain').expect(200);
    await gateway.delete('/v1/catalog/hold-reasons/rain').expect(404);
    expect((await gateway.get('/v1/catalog/hold-reasons').expect(200)).body).toMatchObject({
      holdReasons: expect.not.arrayContaining([{ key: 'rain', name: expect.anything() }]),
    });
  });

  test('the priority matrix decides the priority of what is logged from then on', async () => {
    const matrix = [
      [1, 1, 1],
      [2, 2, 2],
      [4, 4, 4],
    ];
    expect(await code('/v1/catalog/priority-matrix', { matrix: [[1]] }, 400)).toBe('request.invalid');
    expect(
      await code(
        '/v1/catalog/priority-matrix',
        {
          matrix: [
            [1, 2, 3],
            [1, 2, 9],
            [1, 2, 3],
          ],
        },
        400,
      ),
    ).toBe('catalog.matrix');
    const { id: before } = await gateway.log({ impact: 2, urgency: 3 });
    await gateway.post('/v1/catalog/priority-matrix', { matrix }).expect(200);
    const { id: after } = await gateway.log({ impact: 2, urgency: 3 });
    expect(await gateway.incident(before)).toMatchObject({ priority: 4 });
    expect(await gateway.incident(after)).toMatchObject({ priority: 2 });
  });

  test('keys are issued once, shown once, and expire', async () => {
    const expiresAt = new Date(gateway.now() + 60_000).toISOString();
    const body = { name: 'Report', person: 'me', role: 'agent', expiresAt };
    const issue = () => gateway.post('/v1/keys', body).set('idempotency-key', 'report').expect(201);
    const first = (await issue()).body as { id: string; key: string };
    expect((await issue()).body).toEqual(first);
    expect((await gateway.get('/v1/me', first.key).expect(200)).body).toMatchObject({
      key: first.id,
      roles: ['agent'],
      name: 'Administrator',
    });
    const listed = await items('/v1/keys');
    expect(listed).toEqual(expect.arrayContaining([expect.objectContaining({ id: first.id, name: 'Report' })]));
    expect(JSON.stringify(listed)).not.toContain(first.key);
    gateway.advance(60_000);
    await gateway.get('/v1/me', first.key).expect(401);
    await gateway.get('/v1/me', adminKey).expect(200);
  });

  test('lists of registers come in pages', async () => {
    const seen: unknown[] = [];
    let cursor: string | null = null;
    do {
      const next: string = cursor === null ? '' : `&cursor=${cursor}`;
      const { body } = await gateway.get(`/v1/teams?limit=2${next}`).expect(200);
      const page = body as Page;
      seen.push(...page.items.map(({ key }) => key));
      cursor = page.nextCursor;
    } while (cursor !== null);
    expect(seen).toEqual((await items('/v1/teams?limit=200')).map(({ key }) => key));
  });
});

describe('operations', () => {
  let gateway: Gateway;

  beforeAll(async () => {
    gateway = await Gateway.start();
  });

  afterAll(() => gateway.stop());

  test('health is for everybody, and tells what the server stands on', async () => {
    await gateway.anonymous('/health/live').expect(200);
    const { body } = await gateway.anonymous('/health/ready').expect(200);
    expect(body).toMatchObject({
      status: 'ready',
      checks: { eventStore: { ok: true }, registers: { ok: true }, readStore: { ok: true }, projections: { ok: true } },
    });
  });

  test('projections are rebuilt while queries go on', async () => {
    const { id } = await gateway.log();
    const before = await gateway.incident(id);
    await gateway.post('/v1/projections/incidents/rebuild').expect(202);
    await gateway.post('/v1/projections/incidents/rebuild').expect(409);
    type Status = { name: string; version: number; position: string; lagMs: number };
    let status: Status | undefined;
    do {
      const { body } = await gateway.get('/v1/projections').expect(200);
      status = (body as { items: Status[] }).items.find(({ name }) => name === 'incidents');
      expect(await gateway.incident(id)).toEqual(before);
    } while (status?.version !== 2);
    expect(status).toMatchObject({ lagMs: 0, position: await gateway.events.head() });
  });

  test('a caller who asks too often is told when to come back', async () => {
    await gateway.stop();
    gateway = await Gateway.start({ RATE_LIMIT_PER_MINUTE: '40' });
    let limited: { status: number; headers: Record<string, string>; body: unknown } | undefined;
    for (let request = 0; request <= 41 && limited?.status !== 429; request += 1) limited = await gateway.get('/v1/me');
    expect(limited).toMatchObject({ status: 429, body: { code: 'rate.exceeded' } });
    const seconds = Number(limited?.headers['retry-after']);
    expect(seconds).toBeGreaterThan(0);
    gateway.advance(seconds * 1_000);
    await gateway.get('/v1/me').expect(200);
  });
});
