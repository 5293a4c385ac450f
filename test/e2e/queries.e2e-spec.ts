import { Gateway, type Logged, startOfTime } from '../support/gateway';

type Item = { readonly id: string; readonly number: string; readonly title: string };
type Page = { readonly items: readonly Item[]; readonly nextCursor: string | null };
type Event = {
  readonly type: string;
  readonly revision: number;
  readonly position: string;
  readonly hash: string;
  readonly occurredAt: string;
};

const minute = 60_000;
const at = (minutes: number): string => new Date(startOfTime + minutes * minute).toISOString();

describe('what was, and what is', () => {
  let gateway: Gateway;
  let incident: Logged;

  beforeAll(async () => {
    gateway = await Gateway.start();
    incident = await gateway.log({ title: 'The first title', impact: 3, urgency: 3, requester: { name: 'Cleo' } });
    const { id } = incident;
    gateway.advance(10 * minute);
    await gateway.command(id, 'assignment', { team: 'service-desk' });
    gateway.advance(10 * minute);
    await gateway.command(id, 'details', { title: 'The second title' });
    gateway.advance(10 * minute);
    await gateway.command(id, 'resolution', { code: 'solved', notes: 'Turned it off and on', fix: 'workaround' });
  });

  afterAll(() => gateway.stop());

  test('by id, by number, as of a business time, as known at a time, and as of a revision', async () => {
    const { id, number } = incident;
    const byNumber = await gateway.incident(number);
    expect(byNumber).toMatchObject({ id, state: 'resolved', title: 'The second title', revision: 3 });
    expect(await gateway.incident(id, `?asOf=${at(15)}`)).toMatchObject({ state: 'queued', title: 'The first title' });
    expect(await gateway.incident(id, `?asOf=${at(20)}`)).toMatchObject({ title: 'The second title', revision: 2 });
    expect(await gateway.incident(id, `?asKnownAt=${at(9)}`)).toMatchObject({ state: 'new', team: null });
    expect(await gateway.incident(id, '?revision=1')).toMatchObject({ team: 'service-desk', title: 'The first title' });
    await gateway.get(`/v1/incidents/${id}?asOf=${at(-1)}`).expect(404);
    const beyond = await gateway.get(`/v1/incidents/${id}?revision=4`).expect(404);
    expect(beyond.body).toMatchObject({ code: 'incident.no-such-revision' });
    expect(await gateway.incident(id, `?revision=4&asOf=${at(15)}`)).toMatchObject({ title: 'The first title' });
  });

  test('what was written down later about the past is known only later', async () => {
    const occurredAt = at(-600);
    const late = await gateway.log({ title: 'Late', occurredAt, reason: 'Came by post' });
    expect(await gateway.incident(late.id, `?asOf=${at(-300)}`)).toMatchObject({ loggedAt: occurredAt });
    await gateway.get(`/v1/incidents/${late.id}?asKnownAt=${at(-300)}`).expect(404);
  });

  test('the history is complete, chained, and comes in pages that fit together', async () => {
    const { body } = await gateway.get(`/v1/incidents/${incident.id}/history`).expect(200);
    const { items } = body as { items: Event[] };
    expect(items.map(({ type }) => type)).toEqual(['IncidentLogged', 'Assigned', 'DetailsAmended', 'Resolved']);
    expect(items[0]).toMatchObject({
      stream: `incident-${incident.id}`,
      occurredAt: at(0),
      recordedAt: at(0),
      actor: { kind: 'person', name: 'Administrator' },
      via: { kind: 'api-key' },
      schemaVersion: 1,
      data: { title: 'The first title' },
    });
    expect(new Set(items.map(({ hash }) => hash)).size).toBe(4);

    const paged: Event[] = [];
    let cursor: string | null = null;
    do {
      const next: string = cursor === null ? '' : `&cursor=${cursor}`;
      const page = await gateway.get(`/v1/incidents/${incident.id}/history?limit=3${next}`).expect(200);
      const { items: some, nextCursor } = page.body as { items: Event[]; nextCursor: string | null };
      paged.push(...some);
      cursor = nextCursor;
    } while (cursor !== null);
    expect(paged).toEqual(items);

    const lines = await gateway.get(`/v1/incidents/${incident.id}/history?format=ndjson`).expect(200);
    expect(lines.headers['content-type']).toMatch(/^application\/x-ndjson/);
    const text = lines.text;
    expect(
      text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Event),
    ).toEqual(items);
  });

  test('the difference of two revisions, in both directions', async () => {
    const { body } = await gateway.get(`/v1/incidents/${incident.id}/diff?from=1&to=2`).expect(200);
    expect(body).toMatchObject({
      from: 1,
      to: 2,
      changes: [{ field: 'title', from: 'The first title', to: 'The second title' }],
      events: [{ type: 'DetailsAmended' }],
    });
    const back = await gateway.get(`/v1/incidents/${incident.id}/diff?from=2&to=1`).expect(200);
    expect(back.body).toMatchObject({ changes: [{ from: 'The second title', to: 'The first title' }] });
    await gateway.get(`/v1/incidents/${incident.id}/diff?from=1&to=4`).expect(404);
  });

  test('the replay shows each event with what it changed, step by step', async () => {
    const { text, headers } = await gateway.get(`/v1/incidents/${incident.id}/replay`).buffer(true).expect(200);
    expect(headers['content-type']).toMatch(/^text\/event-stream/);
    const steps = text
      .split('\n\n')
      .filter((block) => block.includes('event: step'))
      .map((block) => JSON.parse(/^data: (.*)$/m.exec(block)?.[1] ?? '') as { incident: { state: string } });
    expect(steps.map((step) => step.incident.state)).toEqual(['new', 'queued', 'queued', 'resolved']);
  });
});

describe('lists and queues', () => {
  let gateway: Gateway;
  const logged: Logged[] = [];

  beforeAll(async () => {
    gateway = await Gateway.start();
    for (let index = 0; index < 25; index += 1) {
      gateway.advance(minute);
      const team = ['service-desk', 'infrastructure', undefined][index % 3];
      logged.push(
        await gateway.log({
          title: `Incident ${index}${index % 10 === 0 ? ' of the printer' : ''}`,
          impact: (index % 3) + 1,
          urgency: 2,
          ...(team === undefined ? {} : { team }),
          ...(index % 2 === 0 ? { category: 'hardware' } : {}),
        }),
      );
    }
    await gateway.command(logged[0]?.id ?? '', 'assignment', { agent: 'me' });
    await gateway.command(logged[3]?.id ?? '', 'cancellation', { reason: 'Twice' });
    await gateway.settle();
  });

  afterAll(() => gateway.stop());

  async function numbers(query: string): Promise<string[]> {
    const { body } = await gateway.get(`/v1/incidents?${query}`).expect(200);
    return (body as Page).items.map(({ number }) => number);
  }

  const where = (holds: (index: number) => boolean): string[] =>
    logged.filter((_, index) => holds(index)).map(({ number }) => number);

  test('filters: either, unknown, excluded, open, time, text, me', async () => {
    const all = 'limit=200&sort=number&';
    expect(await numbers(`${all}team=service-desk`)).toEqual(where((index) => index % 3 === 0));
    expect(await numbers(`${all}team=service-desk&team=infrastructure`)).toEqual(where((index) => index % 3 < 2));
    expect(await numbers(`${all}team=null`)).toEqual(where((index) => index % 3 === 2));
    expect(await numbers(`${all}not.team=null&not.category=hardware`)).toEqual(
      where((index) => index % 3 < 2 && index % 2 === 1),
    );
    expect(await numbers(`${all}open=false`)).toEqual(where((index) => index === 3));
    expect(await numbers(`${all}state=queued&priority=2`)).toEqual(
      where((index) => index % 3 === 0 && index !== 0 && index !== 3),
    );
    expect(await numbers(`${all}from=${at(5)}&to=${at(8)}`)).toEqual(where((index) => index >= 4 && index < 7));
    expect(await numbers(`${all}q=PRINTER`)).toEqual(where((index) => index % 10 === 0));
    expect(await numbers(`${all}agent=me`)).toEqual(where((index) => index === 0));
    expect(await numbers(`${all}tier=2`)).toEqual(where((index) => index % 3 === 1));
  });

  test.each(['-loggedAt', 'priority', '-number', 'team', 'updatedAt'])(
    'pages by %s have everything once, while incidents are logged in between',
    async (sort) => {
      const seen: string[] = [];
      let cursor: string | null = null;
      do {
        const next: string = cursor === null ? '' : `&cursor=${cursor}`;
        const { body } = await gateway.get(`/v1/incidents?sort=${sort}&limit=7&not.channel=late${next}`).expect(200);
        const { items, nextCursor } = body as Page;
        seen.push(...items.map(({ number }) => number));
        cursor = nextCursor;
        await gateway.log({ title: 'In between', channel: 'late' });
        await gateway.settle();
      } while (cursor !== null);
      expect(new Set(seen).size).toBe(seen.length);
      expect(seen.sort()).toEqual(where(() => true));
    },
  );

  test('a list of the past, and one as CSV', async () => {
    expect(await numbers(`asOf=${at(4)}&team=service-desk`)).toHaveLength(2);
    expect(await numbers(`asOf=${at(4)}&open=false`)).toEqual([]);
    const { text, headers } = await gateway.get('/v1/incidents?format=csv&limit=2&sort=number').expect(200);
    expect(headers['content-type']).toMatch(/^text\/csv/);
    const [header, first] = text.split(/\r?\n/);
    expect(header?.split(',')).toEqual(expect.arrayContaining(['id', 'number', 'state', 'title']));
    expect(first).toContain(logged[0]?.number ?? 'none');
    expect(headers['x-next-cursor']).toEqual(expect.any(String));
  });

  test('queues count what waits, and hand out each queue by urgency', async () => {
    type Queue = { team: string | null; tier: number | null; open: number; unassigned: number };
    const { body } = await gateway.get('/v1/queues').expect(200);
    const queues = (body as { items: Queue[] }).items;
    expect(queues.find(({ team }) => team === 'service-desk')).toMatchObject({ tier: 1, open: 8, unassigned: 7 });
    expect(queues.find(({ team }) => team === 'engineering')).toMatchObject({ tier: 3, open: 0 });
    const { body: queue } = await gateway.get('/v1/queues/service-desk?limit=3').expect(200);
    const { items } = queue as { items: (Item & { priority: number })[] };
    expect(items.map(({ number }) => number)).toEqual(where((index) => [0, 6, 9].includes(index)));
  });

  test('a read waits for the position it names, and gives up in time', async () => {
    const { id, position } = await gateway.log({ title: 'Just now' });
    const { body } = await gateway.get(`/v1/incidents?q=Just now&after=${position}`).expect(200);
    expect((body as Page).items.map((item) => item.id)).toEqual([id]);
    const future = 'f'.repeat(16);
    const pending = gateway.get(`/v1/incidents?after=${future}-${future}`);
    const { status, headers } = await gateway.outwait(pending, 2_000);
    expect(status).toBe(503);
    expect(headers['retry-after']).toBeDefined();
  });
});
