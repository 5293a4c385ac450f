import { Gateway, type Logged } from '../support/gateway';

type Item = {
  readonly outcome: 'done' | 'refused';
  readonly id: string;
  readonly revision?: number;
  readonly problem?: { readonly code: string; readonly status: number };
};
type Bulk = { readonly correlationId: string; readonly items: readonly Item[]; readonly position: string };
type Event = { readonly type: string; readonly correlationId: string; readonly commandId: string };

const ids = (incidents: readonly Logged[]): string[] => incidents.map(({ id }) => id);

describe('one command on many incidents', () => {
  let gateway: Gateway;

  beforeAll(async () => {
    gateway = await Gateway.start();
  });

  afterAll(() => gateway.stop());

  async function logged(count: number, body: object = {}): Promise<Logged[]> {
    const incidents: Logged[] = [];
    for (let index = 0; index < count; index += 1) incidents.push(await gateway.log(body));
    return incidents;
  }

  const send = (body: object, key?: string) => {
    const post = gateway.post('/v1/incidents/bulk', body);
    return key === undefined ? post : post.set('idempotency-key', key);
  };

  const bulk = async (body: object, key?: string): Promise<Bulk> => (await send(body, key).expect(200)).body as Bulk;

  async function history(id: string): Promise<Event[]> {
    const { body } = await gateway.get(`/v1/incidents/${id}/history`).expect(200);
    return (body as { items: Event[] }).items;
  }

  test('is carried out on each, under one correlation id and a command id for each', async () => {
    const incidents = await logged(25);
    const given = incidents.map(({ id, number }, index) => (index % 2 === 0 ? id : number));
    const body = { ids: given, command: 'assignment', body: { team: 'service-desk', agent: 'me' } };
    const { correlationId, items, position } = await bulk(body);
    expect(items).toEqual(
      incidents.map(({ id }): unknown => expect.objectContaining({ outcome: 'done', id, revision: 1 })),
    );
    const { body: list } = await gateway
      .get(`/v1/incidents?team=service-desk&agent=me&limit=200&after=${position}`)
      .expect(200);
    expect((list as { items: unknown[] }).items).toHaveLength(25);
    const events = (await Promise.all(ids(incidents).map(history))).map(([, event]) => event);
    expect(events.map((event) => event?.type)).toEqual(incidents.map(() => 'Assigned'));
    expect(new Set(events.map((event) => event?.correlationId))).toEqual(new Set([correlationId]));
    expect(new Set(events.map((event) => event?.commandId)).size).toBe(25);
  });

  test('tells what each rule refuses, and does the rest', async () => {
    const [open, over] = await logged(2);
    await gateway.command(over?.id ?? '', 'cancellation', { reason: 'Twice' });
    const named = [over?.id, 'INC9999999', open?.id];
    const { items } = await bulk({ ids: named, command: 'classification', body: { category: 'network' } });
    expect(items).toEqual([
      {
        outcome: 'refused',
        id: over?.id,
        problem: expect.objectContaining({ code: 'incident.cancelled', status: 409 }),
      },
      expect.objectContaining({
        outcome: 'refused',
        problem: expect.objectContaining({ code: 'incident.not-found', status: 404 }),
      }),
      expect.objectContaining({ outcome: 'done', id: open?.id, revision: 1 }),
    ]);
  });

  test('repeats nothing under the same Idempotency-Key, and refuses another body', async () => {
    const incidents = await logged(3);
    const body = { ids: ids(incidents), command: 'comments', body: { text: 'We are on it', visibility: 'public' } };
    const first = await bulk(body, 'once');
    expect(await bulk(body, 'once')).toEqual(first);
    for (const { id } of incidents) {
      expect((await history(id)).map(({ type }) => type)).toEqual(['IncidentLogged', 'CommentAdded']);
    }
    const [fourth] = await logged(1);
    const { body: problem } = await send({ ...body, ids: [fourth?.id] }, 'once').expect(422);
    expect(problem).toMatchObject({ code: 'idempotency.other-body' });
    expect(await history(fourth?.id ?? '')).toHaveLength(1);
  });

  test('is refused as a whole where the request is at fault, with a pointer to the fault', async () => {
    const [one, other] = ids(await logged(2));
    const body = { ids: [one, other], command: 'assignment', body: { team: 'service-desk' } };
    const pointer = async (more: object): Promise<unknown> => {
      const { body: problem } = await send({ ...body, ...more }).expect(400);
      return (problem as { errors: { pointer: string }[] }).errors[0]?.pointer;
    };
    expect(await pointer({ ids: [] })).toBe('/ids');
    expect(await pointer({ ids: Array.from({ length: 201 }, (_, index) => `INC${index}`) })).toBe('/ids');
    expect(await pointer({ ids: [one, one] })).toBe('/ids/1');
    expect(await pointer({ command: 'deletion' })).toBe('/command');
    expect(await pointer({ body: { team: 7 } })).toBe('/body/team');
    expect(await pointer({ body: { squad: 'service-desk' } })).toBe('/body/squad');
    expect(await pointer({ command: 'release', body: undefined })).toBe('/body/reason');
    expect(await history(one ?? '')).toHaveLength(1);
  });
});
