import { connect } from 'node:net';
import { once } from 'node:events';
import { Gateway, type Logged } from '../support/gateway';

type Problem = {
  readonly type: string;
  readonly status: number;
  readonly code: string;
  readonly correlationId: string;
  readonly errors?: readonly { readonly pointer: string; readonly detail: string }[];
};

const long = (length: number): string => 'x'.repeat(length);

/** A valid body for each command, and the fields that may not be missing in it. */
const commands: readonly (readonly [
  path: string,
  body: Readonly<Record<string, unknown>>,
  required: readonly string[],
])[] = [
  ['details', { title: 'A title', description: null, service: 'network', location: 'Berlin' }, []],
  ['classification', { category: 'network', subcategory: 'vpn', symptom: 'slow' }, []],
  ['priority', { impact: 1, urgency: 1, priority: 1, reason: 'Because' }, []],
  ['assignment', { team: 'service-desk', agent: 'me' }, []],
  ['release', { reason: 'Not ours' }, ['reason']],
  ['acknowledgement', {}, []],
  ['work-start', {}, []],
  ['diagnoses', { text: 'A cause' }, ['text']],
  ['workarounds', { text: 'A way', knownError: 'KE1' }, ['text']],
  ['comments', { text: 'A word', visibility: 'public' }, ['text', 'visibility']],
  ['effort', { minutes: 5 }, ['minutes']],
  ['hold', { reason: 'caller', note: 'Asked', until: '2026-04-01T00:00:00Z' }, ['reason']],
  ['resumption', {}, []],
  ['escalations', { kind: 'functional', to: 'engineering', reason: 'Hard' }, ['kind', 'reason']],
  ['deescalations', { to: 'service-desk', reason: 'Easy' }, ['reason']],
  ['restoration', { at: '2026-03-02T08:00:00Z' }, ['at']],
  [
    'resolution',
    { code: 'solved', notes: 'Done', fix: 'none', verification: { how: 'Looked' } },
    ['code', 'notes', 'fix'],
  ],
  ['confirmation', {}, []],
  ['refusal', { reason: 'No' }, ['reason']],
  ['feedback', { score: 1, text: 'Hm' }, ['score']],
  ['reopening', { reason: 'Again' }, ['reason']],
  ['closure', {}, []],
  ['cancellation', { reason: 'No' }, ['reason']],
  ['links', { type: 'problem', target: 'P1' }, ['type', 'target']],
  ['assets', { asset: 'a' }, ['asset']],
  ['affected', { person: 'me' }, ['person']],
  ['watchers', { person: 'me' }, ['person']],
];

describe('bad input', () => {
  let gateway: Gateway;
  let incident: Logged;

  beforeAll(async () => {
    gateway = await Gateway.start();
    incident = await gateway.log();
  });

  afterAll(() => gateway.stop());

  /** Sends a body that must be refused with 400; answers the pointers of the problem. */
  async function pointers(path: string, body: object): Promise<string[]> {
    const { body: problem, headers } = await gateway.post(path, body).expect(400);
    expect(headers['content-type']).toMatch(/^application\/problem\+json/);
    const { errors, correlationId, status, code } = problem as Problem;
    expect({ correlationId, status }).toEqual({ correlationId: expect.stringMatching(/./), status: 400 });
    expect(code).toMatch(/^(request|incident)\./);
    return (errors ?? []).map(({ pointer }) => pointer);
  }

  /** How many events the incident has. */
  async function events(): Promise<number> {
    const { body } = await gateway.get(`/v1/incidents/${incident.id}/history?limit=200`).expect(200);
    return (body as { items: unknown[] }).items.length;
  }

  test.each(commands)(
    '%s: a missing, extra, oversized or wrongly typed field is named, and changes nothing',
    async (command, body, required) => {
      const path = `/v1/incidents/${incident.id}/${command}`;
      const before = await events();
      expect(await pointers(path, { ...body, surprise: 1 })).toEqual(['/surprise']);
      for (const field of required) {
        const { [field]: _left, ...rest } = body;
        expect(await pointers(path, rest)).toEqual([`/${field}`]);
      }
      for (const field of Object.keys(body)) {
        const pointer = new RegExp(`^/${field}(/|$)`);
        expect(await pointers(path, { ...body, [field]: { unexpected: true } })).toEqual(
          expect.arrayContaining([expect.stringMatching(pointer)]),
        );
        expect(await pointers(path, { ...body, [field]: long(60_000) })).toEqual(
          expect.arrayContaining([expect.stringMatching(pointer)]),
        );
        if (body[field] !== null) {
          const wrong = typeof body[field] === 'number' ? '1' : 1;
          expect(await pointers(path, { ...body, [field]: wrong })).toEqual(
            expect.arrayContaining([expect.stringMatching(pointer)]),
          );
        }
      }
      await gateway.post(path, []).expect(400);
      expect(await events()).toBe(before);
    },
  );

  test('logging names every field that is wrong', async () => {
    const body = {
      description: long(50_001),
      requester: { name: 5, email: long(400) },
      impact: '1',
      urgency: 9,
      assets: ['a', 7],
      startedAt: '2026-02-30T00:00:00Z',
      resolution: { code: 'solved', notes: '', fix: 'magic' },
    };
    expect((await pointers('/v1/incidents', body)).sort()).toEqual(
      [
        '/title',
        '/description',
        '/requester/name',
        '/requester/email',
        '/impact',
        '/urgency',
        '/assets',
        '/startedAt',
        '/resolution/notes',
        '/resolution/fix',
      ].sort(),
    );
  });

  test('what the registers do not know is named', async () => {
    const unknown = async (body: object) => pointers('/v1/incidents', { title: 'T', ...body });
    expect(await unknown({ team: 'nobody' })).toEqual(['/team']);
    expect(await unknown({ service: 'nothing' })).toEqual(['/service']);
    expect(await unknown({ requester: { id: '00000000-0000-4000-8000-000000000000' } })).toEqual(['/requester/id']);
    expect(await unknown({ requester: { name: 'N', email: 'no address' } })).toEqual(['/requester/email']);
    const path = `/v1/incidents/${incident.id}/hold`;
    expect(await pointers(path, { reason: 'the moon' })).toEqual(['/reason']);
  });

  test('a body that is no JSON, too large or of another type', async () => {
    const send = (text: string, type = 'application/json') =>
      gateway.post('/v1/incidents').set('content-type', type).send(text);
    expect((await send('{"title":').expect(400)).body).toMatchObject({ code: 'request.invalid' });
    expect((await send('"title"').expect(400)).body).toMatchObject({ code: 'request.invalid' });
    expect((await send('null').expect(400)).body).toMatchObject({ code: 'request.invalid' });
    const large = JSON.stringify({ title: 'T', description: long(1_100_000) });
    expect((await send(large).expect(413)).body).toMatchObject({ code: 'request.too-large' });
    expect((await send('title: T', 'application/yaml').expect(415)).body).toMatchObject({
      code: 'request.unsupported-media-type',
    });
    expect((await send('{"title":"T","__proto__":{"impact":1}}').expect(400)).body).toMatchObject({
      code: 'request.invalid',
    });
  });

  test('parameters that a request does not have, and values that they do not take', async () => {
    const refused = async (path: string): Promise<string[]> => {
      const { body } = await gateway.get(path).expect(400);
      return ((body as Problem).errors ?? []).map(({ pointer }) => pointer);
    };
    expect(await refused('/v1/incidents?colour=red')).toEqual(['?colour']);
    expect(await refused('/v1/incidents?limit=0')).toEqual(['?limit']);
    expect(await refused('/v1/incidents?limit=201')).toEqual(['?limit']);
    expect(await refused('/v1/incidents?sort=title')).toEqual(['?sort']);
    expect(await refused('/v1/incidents?from=yesterday')).toEqual(['?from']);
    expect(await refused('/v1/incidents?cursor=abc')).toEqual(['?cursor']);
    expect(await refused('/v1/incidents?state=lost')).toEqual(['?state']);
    expect(await refused('/v1/incidents?not.priority=5')).toEqual(['?not.priority']);
    expect(await refused('/v1/incidents?q=a&q=b')).toEqual(['?q']);
    expect(await refused('/v1/incidents?after=7')).toEqual(['?after']);
    expect(await refused('/v1/reports/volume?groupBy=mood')).toEqual(['?groupBy']);
    expect(await refused('/v1/reports/backlog?at=now')).toEqual(['?at']);
    expect(await refused('/v1/reports/trends?dimension=category&bucket=year')).toEqual(['?bucket']);
    expect(await refused(`/v1/incidents/${incident.id}/diff?from=0`)).toEqual(['?to']);
  });

  test('what is not there is not found', async () => {
    for (const path of [
      '/v1/incidents/INC9999999',
      '/v1/incidents/x/history',
      '/v1/teams/none',
      '/v1/reports/none',
      '/v1/imports/none',
      '/v1/none',
    ]) {
      const { body } = await gateway.get(path).expect(404);
      expect(body).toMatchObject({ status: 404, correlationId: expect.any(String) });
    }
    await gateway.post('/v1/incidents/INC9999999/acknowledgement').expect(404);
    await gateway.post('/v1/projections/none/rebuild').expect(404);
  });

  test('without a key, with an unknown one, and without the permission', async () => {
    expect((await gateway.anonymous('/v1/incidents').expect(401)).body).toMatchObject({ code: 'auth.missing' });
    expect((await gateway.get('/v1/incidents', 'nonsense').expect(401)).body).toMatchObject({
      code: 'auth.unknown-key',
    });
    const { body } = await gateway.post('/v1/keys', { name: 'Desk', person: 'me', role: 'agent' }).expect(201);
    const { key, id } = body as { key: string; id: string };
    await gateway.get('/v1/incidents', key).expect(200);
    for (const path of ['/v1/keys', '/v1/audit/events']) await gateway.get(path, key).expect(403);
    expect((await gateway.post('/v1/teams', { key: 'x', name: 'X' }, key).expect(403)).body).toMatchObject({
      code: 'auth.forbidden',
      permission: 'register.change',
    });
    const past = { title: 'T', occurredAt: '2026-01-01T00:00:00Z', reason: 'Late' };
    await gateway.post('/v1/incidents', past, key).expect(403);
    await gateway.delete(`/v1/keys/${id}`).expect(200);
    await gateway.get('/v1/incidents', key).expect(401);
  });

  test('what is no HTTP gets an answer, and the server lives on', async () => {
    const { port, hostname } = new URL(gateway.url);
    const socket = connect(Number(port), hostname);
    socket.end('NONSENSE\r\n\r\n');
    socket.resume();
    await once(socket, 'close');
    await gateway.anonymous('/health/live').expect(200, { status: 'live' });
  });
});
