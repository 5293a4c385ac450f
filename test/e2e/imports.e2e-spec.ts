import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type ImportFormat, importFormatOf } from '@faultline/imports';
import { Gateway } from '../support/gateway';
import { csvOf, type RowByColumn } from '../support/import-rows';
import { servicenowLog } from '../support/servicenow-log';
import { temporaryDirectory } from '../support/temporary';
import { until } from '../support/until';

const servicenow = importFormatOf('servicenow-audit') as ImportFormat;
const vinst = importFormatOf('vinst') as ImportFormat;

const row = (more: RowByColumn): RowByColumn => ({
  number: 'INC0000500',
  incident_state: 'New',
  sys_mod_count: '0',
  opened_at: '1/3/2016 09:00',
  sys_updated_at: '1/3/2016 09:00',
  caller_id: 'Caller 1',
  priority: '3 - Moderate',
  assignment_group: 'Group 1',
  made_sla: 'true',
  ...more,
});

const life: readonly RowByColumn[] = [
  row({ sys_updated_by: 'Updater 1', opened_by: 'Opener 1' }),
  row({ incident_state: 'Active', sys_mod_count: '1', sys_updated_at: '1/3/2016 09:30', assigned_to: 'Resolver 1' }),
  row({ incident_state: 'Resolved', sys_mod_count: '2', sys_updated_at: '1/3/2016 11:00', made_sla: 'false' }),
  row({ incident_state: 'Closed', sys_mod_count: '3', sys_updated_at: '2/3/2016 11:00', made_sla: 'false' }),
];

describe('imports', () => {
  let gateway: Gateway;

  beforeEach(async () => {
    gateway = await Gateway.start();
  });

  afterEach(() => gateway.stop());

  /** How many events the log holds beside those about imports. */
  async function eventCount(): Promise<number> {
    let count = 0;
    for await (const { stream } of gateway.events.readAll()) if (!stream.startsWith('import-')) count += 1;
    return count;
  }

  /** Uploads what must be refused as a whole; answers the code. */
  async function refused(file: Buffer | string, query = 'format=servicenow-audit', headers = {}): Promise<string> {
    const before = await eventCount();
    const { body, status } = await gateway.upload(file, query, headers);
    expect({ status, body }).toMatchObject({ status: expect.any(Number), body: { detail: expect.any(String) } });
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
    expect(await eventCount()).toBe(before);
    return (body as { code: string }).code;
  }

  test('a history becomes an incident with events at their business times, by the persons it names', async () => {
    const status = await gateway.import('servicenow-audit', csvOf(servicenow, life));
    expect(status).toMatchObject({ state: 'done', rows: 4, incidents: 1, unchanged: 0, rejected: [], heldBack: [] });
    const incident = await gateway.incident('INC0000500');
    expect(incident).toMatchObject({
      state: 'closed',
      title: null,
      priority: 3,
      team: 'Group 1',
      agentName: 'Resolver 1',
      requester: { name: 'Caller 1' },
      loggedAt: '2016-03-01T09:00:00.000Z',
      resolvedAt: '2016-03-01T11:00:00.000Z',
      closedAt: '2016-03-02T11:00:00.000Z',
      import: { format: 'servicenow-audit' },
    });
    const { body } = await gateway.get('/v1/incidents/INC0000500/history').expect(200);
    type Event = {
      type: string;
      occurredAt: string;
      actor: { name: string | null };
      via: { kind: string; line: number };
    };
    const { items } = body as { items: Event[] };
    expect(items.map(({ type }) => type)).toEqual([
      'IncidentLogged',
      'Assigned',
      'Assigned',
      'WorkStarted',
      'BreachImported',
      'Resolved',
      'Closed',
    ]);
    expect(items[0]).toMatchObject({ actor: { name: 'Opener 1' }, via: { kind: 'import', line: 2 } });
    expect((await gateway.get('/v1/teams/Group%201').expect(200)).body).toMatchObject({ name: 'Group 1' });
  });

  test('what lies beside the spools in the work directory is left alone', async () => {
    const { path, remove } = await temporaryDirectory();
    await mkdir(join(path, 'photographs'));
    await writeFile(join(path, 'photographs', 'cat.txt'), 'A cat');
    await writeFile(join(path, 'notes.txt'), 'Notes');
    await gateway.stop();
    gateway = await Gateway.start({ WORK_DIRECTORY: path });
    expect(await gateway.import('servicenow-audit', csvOf(servicenow, life))).toMatchObject({ state: 'done' });
    expect(await readFile(join(path, 'photographs', 'cat.txt'), 'utf8')).toBe('A cat');
    // The spool goes after the import has been said to be done.
    await until(async () => (await readdir(path)).length === 2);
    expect((await readdir(path)).sort()).toEqual(['notes.txt', 'photographs']);
    await remove();
  });

  test('new numbers go on above the highest that was imported', async () => {
    await gateway.import('servicenow-audit', csvOf(servicenow, life));
    expect((await gateway.log()).number).toBe('INC0000501');
  });

  test('the same file again changes nothing; a later export appends what is new; a contradiction is held back', async () => {
    const log = (rows: readonly RowByColumn[]) => gateway.import('servicenow-audit', csvOf(servicenow, rows));
    expect(await log(life.slice(0, 2))).toMatchObject({ incidents: 1, unchanged: 0 });
    const before = await eventCount();
    expect(await log(life.slice(0, 2))).toMatchObject({ incidents: 0, unchanged: 1, events: 0 });
    expect(await eventCount()).toBe(before);
    expect(await log(life)).toMatchObject({ incidents: 1, unchanged: 0, events: 3, heldBack: [] });
    expect(await gateway.incident('INC0000500')).toMatchObject({ state: 'closed' });
    const rewritten = life.map((each, index) => (index === 1 ? { ...each, assigned_to: 'Resolver 2' } : each));
    const end = await eventCount();
    expect(await log(rewritten)).toMatchObject({ heldBack: ['INC0000500'], incidents: 0 });
    expect((await gateway.incident('INC0000500'))['agentName']).toBe('Resolver 1');
    // The person whom the contradicting row names is known from now on; nothing else is new.
    expect(await eventCount()).toBeLessThanOrEqual(end + 1);
  });

  test('a number that was given out here is not taken over', async () => {
    const { number } = await gateway.log({ title: 'Ours' });
    const rows = life.map((each) => ({ ...each, number }));
    expect(await gateway.import('servicenow-audit', csvOf(servicenow, rows))).toMatchObject({ heldBack: [number] });
    expect(await gateway.incident(number)).toMatchObject({ title: 'Ours', revision: 0 });
  });

  test('bad rows are listed with line, column and reason, and hold back their incident alone', async () => {
    const other = life.map((each) => ({ ...each, number: 'INC0000600' }));
    const bad = [
      { ...life[1], sys_updated_at: '31/2/2016 25:99' },
      { ...life[1], number: 'INC0000700', sys_updated_at: '1/1/1950 00:00', opened_at: '1/1/1950 00:00' },
      { ...life[1], number: 'INC0000800', sys_mod_count: 'many' },
      { ...life[1], number: '?' },
    ];
    const status = await gateway.import('servicenow-audit', csvOf(servicenow, [...life, ...bad, ...other]));
    expect(status).toMatchObject({
      state: 'done',
      incidents: 1,
      rejected: [
        { line: 6, column: 'sys_updated_at', reason: expect.any(String) },
        { line: 7, column: expect.stringMatching(/_at$/), reason: expect.any(String) },
        { line: 8, column: 'sys_mod_count', reason: expect.any(String) },
        { line: 9, column: 'number', reason: expect.any(String) },
      ],
    });
    expect((status['heldBack'] as string[]).sort()).toEqual(['INC0000500', 'INC0000700', 'INC0000800']);
    await gateway.get('/v1/incidents/INC0000500').expect(404);
    await gateway.get('/v1/incidents/INC0000600').expect(200);
    const { text } = await gateway.get(`/v1/imports/${String(status['id'])}/rejected?format=csv`).expect(200);
    expect(text.trimEnd().split(/\r?\n/)).toHaveLength(5);
  });

  test('files that cannot be read as a whole are refused with a code, and change nothing', async () => {
    const text = csvOf(servicenow, life);
    expect(await refused(csvOf(servicenow, []).replace('sys_updated_at', 'changed_at'))).toBe('import.missing-columns');
    expect(await refused('')).toMatch(/^import\./);
    expect(await refused(gzipSync(text).subarray(0, -20))).toBe('import.truncated');
    expect(await refused(text, undefined, { 'content-encoding': 'gzip' })).toBe('import.not-gzip');
    expect(await refused(text, undefined, { 'content-encoding': 'br' })).toBe('request.unsupported-media-type');
    expect(await refused(Buffer.from(`\ufeff${text}`, 'utf16le'))).toBe('import.encoding');
    expect(await refused(text, 'format=excel')).toBe('import.unknown-format');
    expect(await refused(text, 'format=servicenow-audit&timeZone=Mars/Olympus')).toMatch(/zone/);
    expect(await refused(text, 'colour=red&format=servicenow-audit')).toBe('request.unknown-parameter');
  });

  test('a byte order mark, CRLF, extra columns, quotes and a missing last newline make no difference', async () => {
    const [header = '', ...rows] = csvOf(servicenow, life).trimEnd().split('\n');
    const dressed = [`\ufeff${header},surprise`, ...rows.map((each) => `${each},"a ""b"", c"`)].join('\r\n');
    const status = await gateway.import('servicenow-audit', gzipSync(dressed));
    expect(status).toMatchObject({ state: 'done', incidents: 1, rejected: [], ignoredColumns: ['surprise'] });
    expect(await gateway.import('servicenow-audit', csvOf(servicenow, life))).toMatchObject({ unchanged: 1 });
  });

  test('times without an offset are read in the time zone given', async () => {
    await gateway.import('servicenow-audit', csvOf(servicenow, life), '&timeZone=America/New_York');
    expect(await gateway.incident('INC0000500')).toMatchObject({ loggedAt: '2016-03-01T14:00:00.000Z' });
  });

  test('incidents of a file without the column of service levels are in no figure of service levels', async () => {
    const lacking = { ...servicenow, columns: servicenow.columns.filter((column) => column !== 'made_sla') };
    await gateway.import('servicenow-audit', csvOf(lacking, life));
    expect(await gateway.incident('INC0000500')).toMatchObject({ state: 'closed' });
    const levels = async () => (await gateway.get('/v1/reports/sla?source=imported').expect(200)).body as unknown;
    expect(await levels()).toEqual({ groups: [] });
    await gateway.import('servicenow-audit', csvOf(servicenow, [row({ number: 'INC0000501' })]));
    expect(await levels()).toMatchObject({ groups: [{ key: '3', total: 1, pending: 1 }] });
  });

  test('an incident that names something too long for a register is held back, and no other one', async () => {
    const long = 'x'.repeat(1_001);
    const names: RowByColumn[] = [{ assignment_group: long }, { category: long }, { assigned_to: long }];
    const rows = names.map((name, index) => row({ number: `INC000060${index}`, ...name }));
    const servicenowFile = csvOf(servicenow, [...rows, row({ assignment_group: 'x'.repeat(100) })]);
    expect(await gateway.import('servicenow-audit', servicenowFile)).toMatchObject({
      state: 'done',
      incidents: 1,
      heldBack: ['INC0000600', 'INC0000601', 'INC0000602'],
    });
    const queued = { 'Change Date+Time': '2012-05-02T09:00:00Z', Status: 'Queued', 'Sub Status': '' };
    const products = ['PROD1', long].map((Product, index) => ({ ...queued, 'SR Number': `1-80${index}`, Product }));
    expect(await gateway.import('vinst', csvOf(vinst, products))).toMatchObject({ incidents: 1, heldBack: ['1-801'] });
  });

  test('an incident of more categories than one append takes does not end the import', async () => {
    const minutes = Array.from({ length: 1_500 }, (_, index) => index);
    const rows = minutes.map((index) =>
      row({
        number: 'INC0000700',
        sys_mod_count: String(index),
        category: `Category ${index}`,
        subcategory: `Subcategory ${index} ${'x'.repeat(200)}`,
      }),
    );
    const status = await gateway.import('servicenow-audit', csvOf(servicenow, [...rows, ...life]));
    expect(status).toMatchObject({ state: 'done', incidents: 1, heldBack: ['INC0000700'] });
  });

  test('vinst: tiers make escalations, and the tier path is theirs', async () => {
    const step = (time: string, status: string, sub: string, tier: string): RowByColumn => ({
      'SR Number': '1-700',
      'Change Date+Time': `2012-05-02T${time}:00+02:00`,
      Status: status,
      'Sub Status': sub,
      'Involved ST': `Team ${tier}`,
      'ST Level': tier,
      'SR Latest Impact': 'High',
      Product: 'PROD1',
      Country: 'se',
      'Owner First Name': 'Eva',
    });
    const rows = [
      step('09:00', 'Accepted', 'In Progress', 'L1'),
      step('10:00', 'Queued', 'Awaiting Assignment', 'L2'),
      step('11:00', 'Accepted', 'Wait - Vendor', 'L2'),
      step('12:00', 'Queued', 'Awaiting Assignment', 'L1'),
      step('13:00', 'Completed', 'Resolved', 'L1'),
    ];
    expect(await gateway.import('vinst', csvOf(vinst, rows))).toMatchObject({ state: 'done', incidents: 1 });
    expect(await gateway.incident('1-700')).toMatchObject({
      state: 'resolved',
      priority: 2,
      service: 'PROD1',
      location: 'se',
      loggedAt: '2012-05-02T07:00:00.000Z',
      escalations: 1,
    });
    expect((await gateway.get('/v1/reports/tier-paths').expect(200)).body).toEqual({
      paths: [{ path: '1>2>1', count: 1 }],
    });
    expect((await gateway.get('/v1/reports/flow').expect(200)).body).toMatchObject({
      reassignments: 2,
      escalations: 1,
      deescalations: 1,
      holds: [{ reason: 'supplier', count: 1 }],
    });
  });

  test('work goes on while an import runs, and on what it brought', async () => {
    const running = gateway.import('servicenow-audit', servicenowLog(300, 1_000));
    const { id } = await gateway.log({ title: 'Meanwhile' });
    await gateway.command(id, 'comments', { text: 'Still here', visibility: 'internal' });
    expect(await running).toMatchObject({ state: 'done', incidents: 300 });
    const { body } = await gateway.get('/v1/incidents?state=on_hold&limit=1').expect(200);
    const [held] = (body as { items: { id: string }[] }).items;
    await gateway.command(held?.id ?? '', 'resumption');
    expect(await gateway.incident(held?.id ?? '')).toMatchObject({ state: 'in_progress' });
  });
});

describe('every number of a report has its incidents behind it', () => {
  let gateway: Gateway;

  beforeAll(async () => {
    gateway = await Gateway.start();
    await gateway.import('servicenow-audit', servicenowLog(240, 1));
  });

  afterAll(() => gateway.stop());

  /** How many incidents a drill-down lists, page by page, each once. */
  async function behind(report: string, query: string): Promise<number> {
    const ids: string[] = [];
    let cursor: string | null = null;
    do {
      const next: string = cursor === null ? '' : `&cursor=${cursor}`;
      const { body } = await gateway.get(`/v1/reports/${report}/incidents?limit=50&${query}${next}`).expect(200);
      const page = body as { items: { id: string }[]; nextCursor: string | null };
      ids.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor;
    } while (cursor !== null);
    expect(new Set(ids).size).toBe(ids.length);
    return ids.length;
  }

  const keyOf = (key: string | null): string => `key=${encodeURIComponent(key ?? '')}`;

  test.each([
    ['volume', 'groupBy=priority'],
    ['volume', 'groupBy=team&asOf=2016-02-02T00:00:00Z'],
    ['volume', 'groupBy=service'],
    ['volume', 'groupBy=state&not.team=Group%201&category=Category%202&category=Category%203'],
    ['sla', 'groupBy=priority&source=imported'],
    ['resolution-time', 'groupBy=team&from=2016-02-02T00:00:00Z'],
    ['acknowledgement-time', 'groupBy=category'],
  ])('%s?%s', async (report, query) => {
    const { body } = await gateway.get(`/v1/reports/${report}?${query}`).expect(200);
    const { groups } = body as { groups: { key: string | null; count?: number; total?: number }[] };
    expect(groups.length).toBeGreaterThan(0);
    for (const { key, count, total } of groups) {
      expect({ key, behind: await behind(report, `${query}&${keyOf(key)}`) }).toEqual({ key, behind: count ?? total });
    }
  });

  test('trends, by bucket and key', async () => {
    const query = 'dimension=symptom&bucket=day';
    const { body } = await gateway.get(`/v1/reports/trends?${query}`).expect(200);
    const { series } = body as { series: { bucket: string; key: string | null; count: number }[] };
    for (const { bucket, key, count } of series) {
      expect(await behind('trends', `${query.replace('bucket=day', `bucket=${bucket}`)}&${keyOf(key)}`)).toBe(count);
    }
  });

  test('backlog at an instant, and its series', async () => {
    const at = '2016-02-02T12:00:00.000Z';
    const { body } = await gateway.get(`/v1/reports/backlog?at=${at}`).expect(200);
    expect(body).toEqual({ at, open: await behind('backlog', `at=${at}`) });
    const range = 'from=2016-02-01T00:00:00Z&to=2016-02-04T00:00:00Z&bucket=day';
    const { body: over } = await gateway.get(`/v1/reports/backlog?${range}`).expect(200);
    const { series } = over as { series: { at: string; open: number }[] };
    expect(series.map((point) => point.at.slice(0, 10))).toEqual([
      '2016-02-01',
      '2016-02-02',
      '2016-02-03',
      '2016-02-04',
    ]);
    for (const point of series) expect(await behind('backlog', `at=${point.at}`)).toBe(point.open);
  });

  test('every report is in the catalogue, and answers', async () => {
    const { body } = await gateway.get('/v1/reports').expect(200);
    const { items } = body as { items: { name: string; definition: string; unit: string; timeBasis: string }[] };
    expect(items.map(({ name }) => name).sort()).toEqual([
      'acknowledgement-time',
      'backlog',
      'backlog-age',
      'flow',
      'resolution-time',
      'sla',
      'tier-paths',
      'trends',
      'volume',
      'workload',
    ]);
    const needs: Record<string, string> = {
      backlog: '?at=2016-02-02T00:00:00Z',
      sla: '?source=imported&groupBy=team',
      trends: '?dimension=category&bucket=week',
      volume: '?groupBy=state',
      'resolution-time': '?groupBy=team',
      'acknowledgement-time': '?groupBy=team',
    };
    for (const { name, definition } of items) {
      expect(definition.length).toBeGreaterThan(20);
      await gateway.get(`/v1/reports/${name}${needs[name] ?? ''}`).expect(200);
    }
    const csv = await gateway.get('/v1/reports/volume?groupBy=priority&format=csv').expect(200);
    expect(csv.text.split(/\r?\n/)[0]).toBe('key,count');
  });
});
