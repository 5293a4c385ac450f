import { Gateway, type Logged } from '../support/gateway';
import { adminKey } from '../support/server-process';

type Page = { readonly items: readonly { readonly number: string }[]; readonly nextCursor: string | null };

const minute = 60_000;

describe('what concerns me', () => {
  let gateway: Gateway;
  let bo: { readonly id: string; readonly key: string };
  const mine: Record<string, Logged> = {};

  beforeAll(async () => {
    gateway = await Gateway.start();
    const { body: person } = await gateway.post('/v1/people', { name: 'Bo', email: 'bo@example.org' }).expect(201);
    const { id } = person as { id: string };
    const { body: issued } = await gateway.post('/v1/keys', { name: 'Bo', person: id, role: 'agent' }).expect(201);
    bo = { id, key: (issued as { key: string }).key };

    const log = async (name: string, body: object) => {
      gateway.advance(minute);
      mine[name] = await gateway.log({ team: 'service-desk', impact: 2, urgency: 3, ...body });
    };
    await log('assigned', { agent: id });
    await log('requested', { requester: { id }, urgency: 1 });
    await log('watched', {});
    await gateway.command(mine['watched']?.id ?? '', 'watchers', { person: id });
    await log('over', { agent: id });
    await gateway.command(mine['over']?.id ?? '', 'cancellation', { reason: 'Twice' });
    await log('all three', { agent: id, requester: { id }, category: 'network' });
    await gateway.command(mine['all three']?.id ?? '', 'watchers', { person: id });
    await log('none of mine', { agent: 'me' });
    await gateway.settle();
  });

  afterAll(() => gateway.stop());

  const numbersOf = (...names: string[]): string[] => names.map((name) => mine[name]?.number ?? 'none');

  async function list(query = '', key = bo.key): Promise<Page> {
    return (await gateway.get(`/v1/me/incidents${query}`, key).expect(200)).body as Page;
  }

  const numbers = async (query = '', key = bo.key): Promise<string[]> =>
    (await list(query, key)).items.map(({ number }) => number);

  test('is open, mine as agent, requester or watcher, each once, most urgent first', async () => {
    expect(await numbers()).toEqual(numbersOf('requested', 'assigned', 'watched', 'all three'));
    expect(await numbers('?open=true')).toHaveLength(4);
    expect(await numbers('?open=false')).toEqual([]);
  });

  test('is something else for everybody', async () => {
    expect(await numbers('?agent=me', adminKey)).toEqual(numbersOf('none of mine'));
  });

  test('takes the filters, sorts and pages of every list', async () => {
    expect(await numbers('?agent=me')).toEqual(numbersOf('assigned', 'all three'));
    expect(await numbers('?requester=me&not.category=network')).toEqual(numbersOf('requested'));
    expect(await numbers('?sort=-loggedAt')).toEqual(numbersOf('all three', 'watched', 'requested', 'assigned'));
    const first = await list('?limit=3');
    const second = await list(`?limit=3&cursor=${first.nextCursor ?? ''}`);
    expect(second.items.map(({ number }) => number)).toEqual(numbersOf('all three'));
    expect(second.nextCursor).toBeNull();
    await gateway.get('/v1/me/incidents?asOf=2026-03-02T08:00:00Z', bo.key).expect(400);
  });

  test('comes as CSV', async () => {
    const { text, headers } = await gateway.get('/v1/me/incidents?format=csv&limit=2', bo.key).expect(200);
    expect(headers['content-type']).toMatch(/^text\/csv/);
    expect(headers['x-next-cursor']).toEqual(expect.any(String));
    expect(text.trim().split('\r\n')).toHaveLength(3);
  });

  test('and who I am: person, key, role and rights', async () => {
    const { body } = await gateway.get('/v1/me', bo.key).expect(200);
    expect(body).toMatchObject({ id: bo.id, name: 'Bo', roles: ['agent'] });
    const { permissions } = body as { permissions: string[] };
    expect(permissions).toContain('incident.command');
    expect(permissions).not.toContain('key.manage');
    await gateway.anonymous('/v1/me/incidents').expect(401);
  });

  test('and my teams: those that I was made a member of, as long as they are not retired', async () => {
    const teams = async (): Promise<string[]> => {
      const { body } = await gateway.get('/v1/me', bo.key).expect(200);
      return (body as { teams: { key: string }[] }).teams.map(({ key }) => key);
    };
    const join = (team: string, person: string) => gateway.post(`/v1/teams/${team}/members`, { person });
    expect(await teams()).toEqual([]);
    await join('service-desk', bo.id).expect(200);
    await join('infrastructure', bo.id).expect(200);
    await join('infrastructure', 'me').expect(200);
    expect(await teams()).toEqual(['infrastructure', 'service-desk']);
    await gateway.post('/v1/teams/service-desk/retirement').expect(200);
    expect(await teams()).toEqual(['infrastructure']);
    const { body: team } = await gateway.get('/v1/teams/infrastructure').expect(200);
    expect((team as { members: string[] }).members).toHaveLength(2);
    await gateway.delete(`/v1/teams/infrastructure/members/${bo.id}`).expect(200);
    expect(await teams()).toEqual([]);
    const { body: problem } = await join('infrastructure', '00000000-0000-4000-8000-000000000000').expect(400);
    expect(problem).toMatchObject({ code: 'team.unknown-person', errors: [{ pointer: '/person' }] });
    await gateway.post('/v1/teams/infrastructure/members', { person: bo.id }, bo.key).expect(403);
  });
});
