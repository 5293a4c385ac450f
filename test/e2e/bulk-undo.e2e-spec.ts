import { Gateway, type Logged } from '../support/gateway';

type Item = { readonly outcome: string; readonly id: string; readonly problem?: { readonly code: string } };
type Bulk = { readonly correlationId: string; readonly items: readonly Item[] };
type Event = {
  readonly type: string;
  readonly correlationId: string;
  readonly causationId: string;
};

describe('undoing a command on many incidents', () => {
  let gateway: Gateway;

  beforeAll(async () => {
    gateway = await Gateway.start();
  });

  afterAll(() => gateway.stop());

  async function logged(count: number, body: object = {}): Promise<string[]> {
    const incidents: Logged[] = [];
    for (let index = 0; index < count; index += 1) incidents.push(await gateway.log(body));
    return incidents.map(({ id }) => id);
  }

  async function bulk(ids: readonly string[], command: string, body: object = {}): Promise<Bulk> {
    const answer = (await gateway.post('/v1/incidents/bulk', { ids, command, body }).expect(200)).body as Bulk;
    expect(answer.items.map(({ outcome }) => outcome)).toEqual(ids.map(() => 'done'));
    return answer;
  }

  const undo = async ({ correlationId }: Bulk): Promise<Bulk> =>
    (await gateway.post(`/v1/incidents/bulk/${correlationId}/undo`).expect(200)).body as Bulk;

  const outcomes = ({ items }: Bulk): string[] => items.map(({ outcome, problem }) => problem?.code ?? outcome);

  async function history(id: string): Promise<Event[]> {
    const { body } = await gateway.get(`/v1/incidents/${id}/history`).expect(200);
    return (body as { items: Event[] }).items;
  }

  const state = async (id: string, ...fields: string[]): Promise<object> => {
    const incident = await gateway.incident(id);
    return Object.fromEntries(fields.map((field) => [field, incident[field]]));
  };

  test.each<[command: string, body: object, fields: string[]]>([
    ['assignment', { team: 'infrastructure', agent: 'me' }, ['state', 'team', 'tier', 'agent']],
    ['classification', { category: 'network', subcategory: 'vpn' }, ['category', 'subcategory', 'symptom']],
    ['priority', { impact: 1, urgency: 1 }, ['impact', 'urgency', 'priority']],
    ['details', { title: 'Another title', service: 'network' }, ['title', 'service']],
    ['hold', { reason: 'supplier' }, ['state', 'holdReason']],
    ['escalations', { kind: 'functional', reason: 'Hard' }, ['state', 'team', 'tier']],
    ['resolution', { code: 'solved', notes: 'Done', fix: 'permanent' }, ['state', 'resolution', 'resolvedAt']],
    ['watchers', { person: 'me' }, ['watchers']],
  ])('%s: each is as it was, by events of its own', async (command, body, fields) => {
    const start = { team: 'service-desk', impact: 2, urgency: 3, category: 'hardware', symptom: 'It beeps' };
    const [one, other] = (await logged(2, start)) as [string, string];
    await gateway.command(other, 'work-start');
    const before = await Promise.all([state(one, ...fields), state(other, ...fields)]);
    const done = await bulk([one, other], command, body);
    expect(await state(one, ...fields)).not.toEqual(before[0]);
    const undone = await undo(done);
    expect(outcomes(undone)).toEqual(['done', 'done']);
    expect(await Promise.all([state(one, ...fields), state(other, ...fields)])).toEqual(before);
    const last = (await history(one)).at(-1);
    expect(last).toMatchObject({ correlationId: undone.correlationId, causationId: done.correlationId });
  });

  test('leaves alone, and names, what cannot be undone any more', async () => {
    const [untouched, moved, over, unchanged] = (await logged(4, { team: 'service-desk' })) as [
      string,
      string,
      string,
      string,
    ];
    await gateway.command(unchanged, 'assignment', { agent: 'me' });
    const done = await bulk([untouched, moved, over, unchanged], 'assignment', { agent: 'me' });
    await gateway.command(moved, 'assignment', { team: 'infrastructure' });
    await gateway.command(over, 'cancellation', { reason: 'Twice' });
    const lengths = async () => (await Promise.all([moved, over, unchanged].map(history))).map(({ length }) => length);
    const before = await lengths();
    const changed = 'incident.changed-since';
    expect(outcomes(await undo(done))).toEqual(['done', changed, changed, 'bulk.nothing-done']);
    expect(await lengths()).toEqual(before);
    expect(await gateway.incident(untouched)).toMatchObject({ state: 'queued', agent: null });
  });

  test('says that nothing makes up for what was said', async () => {
    const done = await bulk(await logged(2), 'comments', { text: 'We are on it', visibility: 'public' });
    expect(outcomes(await undo(done))).toEqual(['incident.cannot-undo', 'incident.cannot-undo']);
  });

  test('happens once, however often it is asked for', async () => {
    const [id] = (await logged(1, { team: 'service-desk' })) as [string];
    const done = await bulk([id], 'assignment', { agent: 'me' });
    await undo(done);
    await gateway.command(id, 'assignment', { agent: 'me' });
    const { length } = await history(id);
    expect(outcomes(await undo(done))).toEqual(['done']);
    expect(await history(id)).toHaveLength(length);
  });

  test('needs a bulk that was', async () => {
    for (const id of ['00000000-0000-4000-8000-000000000000', 'nothing', '%24all']) {
      const { body } = await gateway.post(`/v1/incidents/bulk/${id}/undo`).expect(404);
      expect(body).toMatchObject({ code: 'bulk.not-found' });
    }
  });
});
