import { Gateway, startOfTime } from '../support/gateway';

const at = (minutes: number): string => new Date(startOfTime + minutes * 60_000).toISOString();

describe('the life of an incident over REST', () => {
  let gateway: Gateway;

  beforeAll(async () => {
    gateway = await Gateway.start();
  });

  afterAll(() => gateway.stop());

  /** One minute passes before each command. */
  async function after(id: string, command: string, body: object = {}) {
    gateway.advance(60_000);
    return gateway.command(id, command, body);
  }

  test('from logging over escalation, hold, resolution, refusal and reopening to closure', async () => {
    const requester = { name: 'Ann Ordinary', email: 'Ann@Example.org' };
    const { id, number, revision, position } = await gateway.log({
      requester,
      service: 'network',
      category: 'network',
      subcategory: 'vpn',
      impact: 2,
      urgency: 2,
      channel: 'phone',
    });
    expect({ number, revision }).toEqual({ number: 'INC0000001', revision: 0 });
    expect(await gateway.incident(number, `?after=${position}`)).toMatchObject({
      id,
      state: 'new',
      priority: 3,
      requester: { name: 'Ann Ordinary' },
      loggedAt: at(0),
    });

    await after(id, 'assignment', { team: 'service-desk' });
    await after(id, 'assignment', { agent: 'me' });
    await after(id, 'acknowledgement');
    await after(id, 'work-start');
    await after(id, 'priority', { impact: 1 });
    await after(id, 'diagnoses', { text: 'The certificate has expired' });
    await after(id, 'workarounds', { text: 'Use the web access' });
    await after(id, 'comments', { text: 'We are on it', visibility: 'public' });
    await after(id, 'effort', { minutes: 15 });
    await after(id, 'escalations', { kind: 'functional', reason: 'Needs a certificate authority' });
    await after(id, 'assignment', { agent: 'me' });
    await after(id, 'work-start');
    await after(id, 'hold', { reason: 'supplier', note: 'Ordered a certificate' });
    await after(id, 'resumption');
    await after(id, 'restoration', { at: at(14) });
    const verification = { how: 'Connected twice', by: 'me' };
    await after(id, 'resolution', { code: 'solved', notes: 'New certificate', fix: 'permanent', verification });
    await after(id, 'refusal', { reason: 'Still does not connect' });
    await after(id, 'resolution', { code: 'solved', notes: 'And the old one removed', fix: 'permanent' });
    await after(id, 'confirmation');
    const thanked = await after(id, 'feedback', { score: 5, text: 'Thanks' });
    // The confirmation has closed it: closing it again says nothing new.
    expect((await after(id, 'closure')).revision).toBe(thanked.revision);
    expect(await gateway.incident(id)).toMatchObject({
      state: 'closed',
      priority: 2,
      team: 'application-support',
      tier: 2,
      agentName: 'Administrator',
      escalations: 1,
      reassignments: 1,
      reopens: 1,
      effortMinutes: 15,
      acknowledgedAt: at(3),
      restoredAt: at(14),
      confirmed: true,
      resolution: { code: 'solved', notes: 'And the old one removed', fix: 'permanent' },
      closedAt: at(19),
      satisfaction: { score: 5 },
    });
  });

  test('an answer names the revision, and If-Match refuses to act on another one', async () => {
    const { id } = await gateway.log();
    const { headers } = await gateway.get(`/v1/incidents/${id}`).expect(200);
    expect(headers['etag']).toBe('"0"');
    const change = { title: 'The VPN connects slowly' };
    await gateway.post(`/v1/incidents/${id}/details`, change).set('if-match', '"0"').expect(200).expect('etag', '"1"');
    const { body } = await gateway
      .post(`/v1/incidents/${id}/details`, { title: 'It does not' })
      .set('if-match', '"0"')
      .expect(412)
      .expect('content-type', /application\/problem\+json/);
    expect(body).toMatchObject({ code: 'revision.stale', actualRevision: 1, expectedRevision: 0 });
    expect(await gateway.incident(id)).toMatchObject({ title: change.title });
    await gateway.post(`/v1/incidents/${id}/details`, change).set('if-match', 'W/"x"').expect(400);
  });

  test('an Idempotency-Key makes a repetition answer what the first one answered', async () => {
    const body = { title: 'Logged once' };
    const send = (sent: object, key: string) => gateway.post('/v1/incidents', sent).set('idempotency-key', key);
    const first = await send(body, 'one').expect(201);
    const second = await send(body, 'one').expect(201);
    expect(second.body).toEqual(first.body);
    const { body: problem } = await send({ title: 'Another' }, 'one').expect(422);
    expect(problem).toMatchObject({ code: 'idempotency.other-body' });
    const other = await send(body, 'two').expect(201);
    expect((other.body as { id: string }).id).not.toBe((first.body as { id: string }).id);

    const { id } = first.body as { id: string };
    const comment = { text: 'Said once', visibility: 'public' };
    for (let time = 0; time < 3; time += 1) {
      await gateway.post(`/v1/incidents/${id}/comments`, comment).set('idempotency-key', 'c').expect(200);
    }
    const { body: history } = await gateway.get(`/v1/incidents/${id}/history`).expect(200);
    const types = (history as { items: { type: string }[] }).items.map(({ type }) => type);
    expect(types).toEqual(['IncidentLogged', 'CommentAdded']);
  });

  test('one open incident holds an external key; once it is over, the key names a new one', async () => {
    const externalKey = 'monitor/disk/42';
    const first = await gateway.log({ externalKey });
    const again = await gateway.post('/v1/incidents', { title: 'Again', externalKey }).expect(200);
    expect(again.body).toMatchObject({ id: first.id, number: first.number });
    await gateway.command(first.id, 'cancellation', { reason: 'A false alarm' });
    const next = await gateway.log({ externalKey });
    expect(next.id).not.toBe(first.id);
    expect(await gateway.incident(next.id)).toMatchObject({ externalKey });
  });

  test('what the state refuses is a conflict with a code of its own, and changes nothing', async () => {
    const { id } = await gateway.log();
    const refused = async (command: string, body: object = {}) =>
      ((await gateway.post(`/v1/incidents/${id}/${command}`, body).expect(409)).body as { code: string }).code;
    const codes = [
      await refused('confirmation'),
      await refused('reopening', { reason: 'Why not' }),
      await refused('closure'),
      await refused('release', { reason: 'Not ours' }),
      await refused('deescalations', { reason: 'Not so hard' }),
    ];
    expect(new Set(codes).size).toBeGreaterThan(1);
    expect(codes.every((code) => code.startsWith('incident.'))).toBe(true);
    const { body } = await gateway.get(`/v1/incidents/${id}/history`).expect(200);
    expect((body as { items: unknown[] }).items).toHaveLength(1);
  });

  test('an incident is logged for the past with a reason, and resolved at once', async () => {
    const occurredAt = '2026-02-20T10:00:00.000Z';
    const resolution = { code: 'solved', notes: 'Restarted', fix: 'workaround' };
    const bare = { title: 'Printed nothing', occurredAt };
    const { body } = await gateway.post('/v1/incidents', bare).expect(400);
    expect(body).toMatchObject({ code: 'incident.past-needs-reason', errors: [{ pointer: '/reason' }] });
    const { id } = await gateway.log({ ...bare, reason: 'The desk was offline', resolution });
    expect(await gateway.incident(id)).toMatchObject({
      state: 'resolved',
      loggedAt: occurredAt,
      resolvedAt: occurredAt,
    });
    const future = { ...bare, occurredAt: '2027-01-01T00:00:00Z', reason: 'A guess' };
    expect((await gateway.post('/v1/incidents', future).expect(400)).body).toMatchObject({
      code: 'incident.future-instant',
    });
  });

  test('links, assets, affected persons and watchers come and go', async () => {
    const { id } = await gateway.log();
    await gateway.command(id, 'links', { type: 'problem', target: 'PRB0000007' });
    await gateway.command(id, 'assets', { asset: 'laptop-17' });
    await gateway.command(id, 'affected', { person: 'me' });
    await gateway.command(id, 'watchers', { person: 'me' });
    const before = await gateway.incident(id);
    expect(before).toMatchObject({
      links: [{ type: 'problem', target: 'PRB0000007' }],
      assets: ['laptop-17'],
      affected: [{ name: 'Administrator' }],
      watchers: [{ name: 'Administrator' }],
    });
    const [link] = before['links'] as { id: string }[];
    const [watcher] = before['watchers'] as { id: string }[];
    await gateway.delete(`/v1/incidents/${id}/links/${link?.id ?? ''}`).expect(200);
    await gateway.delete(`/v1/incidents/${id}/assets/laptop-17`).expect(200);
    await gateway.delete(`/v1/incidents/${id}/watchers/${watcher?.id ?? ''}`).expect(200);
    expect(await gateway.incident(id)).toMatchObject({ links: [], assets: [], watchers: [] });
  });

  test('a requester who is known by e-mail or telephone is the same person again', async () => {
    const first = await gateway.log({ requester: { name: 'Bo', email: 'bo@example.org', phone: '+49 30 1234' } });
    const second = await gateway.log({ requester: { name: 'Bo B.', email: ' BO@example.org' } });
    const third = await gateway.log({ requester: { name: 'B. B.', phone: '0049 (30) 12-34' } });
    const incidents = await Promise.all([first, second, third].map(({ id }) => gateway.incident(id)));
    expect(new Set(incidents.map(({ requester }) => (requester as { id: string }).id)).size).toBe(1);
  });
});
