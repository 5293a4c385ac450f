import { Gateway } from '../support/gateway';

const reason = 'Because';

/** A good body for every command of the API. */
const bodies: Readonly<Record<string, object>> = {
  details: { title: 'Another title' },
  classification: { category: 'network' },
  priority: { impact: 1, urgency: 1 },
  assignment: { team: 'service-desk' },
  release: { reason },
  acknowledgement: {},
  'work-start': {},
  diagnoses: { text: 'A diagnosis' },
  workarounds: { text: 'A workaround' },
  comments: { text: 'A comment', visibility: 'internal' },
  effort: { minutes: 5 },
  hold: { reason: 'supplier' },
  resumption: {},
  escalations: { kind: 'hierarchical', to: 'service-desk', reason },
  deescalations: { to: 'service-desk', reason },
  restoration: { at: '2026-03-02T08:00:00Z' },
  resolution: { code: 'solved', notes: 'Done', fix: 'permanent' },
  confirmation: {},
  refusal: { reason },
  feedback: { score: 5 },
  reopening: { reason },
  closure: {},
  cancellation: { reason },
  links: { type: 'url', target: 'https://example.org' },
  assets: { asset: 'laptop-17' },
  affected: { person: 'me' },
  watchers: { person: 'me' },
};

type Step = readonly [command: string, body?: object];

const begun: readonly Step[] = [['assignment', { team: 'infrastructure', agent: 'me' }], ['work-start']];
const ended: readonly Step[] = [...begun, ['resolution', bodies['resolution']]];

describe('the commands that an incident allows', () => {
  let gateway: Gateway;

  beforeAll(async () => {
    gateway = await Gateway.start();
  });

  afterAll(() => gateway.stop());

  async function incidentAfter(steps: readonly Step[], body: object = {}): Promise<string> {
    const { id } = await gateway.log(body);
    for (const [command, sent] of steps) await gateway.command(id, command, sent ?? {});
    return id;
  }

  async function allowed(id: string): Promise<string[]> {
    const { body } = await gateway.get(`/v1/incidents/${id}`).expect(200);
    return (body as { allowedCommands: string[] }).allowedCommands;
  }

  const statusOf = async (id: string, command: string): Promise<number> =>
    (await gateway.post(`/v1/incidents/${id}/${command}`, bodies[command])).status;

  test.each<[state: string, steps: readonly Step[]]>([
    ['new', []],
    ['in progress', begun],
    ['on hold', [...begun, ['hold', { reason: 'caller' }]]],
    ['resolved', ended],
    ['closed', [...ended, ['closure']]],
    ['cancelled', [['cancellation', { reason }]]],
  ])('while it is %s: exactly those succeed', async (_state, steps) => {
    const id = await incidentAfter(steps);
    const listed = await allowed(id);
    const refused = Object.keys(bodies).filter((command) => !listed.includes(command));
    // What is refused changes nothing, so that one incident serves for all of it.
    for (const command of refused) expect([command, await statusOf(id, command)]).toEqual([command, 409]);
    for (const command of listed) {
      const fresh = await incidentAfter(steps);
      expect([command, await statusOf(fresh, command)]).toEqual([command, 200]);
    }
    expect(listed.length + refused.length).toBe(Object.keys(bodies).length);
  });

  test('are of the revision that is shown, also right after a command', async () => {
    const { id } = await gateway.log();
    expect(await allowed(id)).not.toContain('work-start');
    const { revision } = await gateway.command(id, 'assignment', { team: 'service-desk' });
    const { body } = await gateway.get(`/v1/incidents/${id}`).expect(200).expect('etag', `"${revision}"`);
    expect(body).toMatchObject({ revision, state: 'queued', team: 'service-desk' });
    expect((body as { allowedCommands: string[] }).allowedCommands).toContain('work-start');
  });

  test('are none for an incident of the past, and stand in no list', async () => {
    const { id } = await gateway.log();
    expect(await gateway.incident(id, '?revision=0')).toMatchObject({ allowedCommands: [] });
    const { body } = await gateway.get('/v1/incidents?limit=1').expect(200);
    expect((body as { items: object[] }).items[0]).not.toHaveProperty('allowedCommands');
  });

  test('do not open an incident again whose external key another one has', async () => {
    const externalKey = 'monitor/disk/7';
    const id = await incidentAfter(ended, { externalKey });
    expect(await allowed(id)).toEqual(expect.arrayContaining(['reopening', 'refusal']));
    await gateway.log({ externalKey });
    const listed = await allowed(id);
    expect(listed).toContain('closure');
    for (const command of ['reopening', 'refusal']) {
      expect(listed).not.toContain(command);
      expect(await statusOf(id, command)).toBe(409);
    }
  });
});
