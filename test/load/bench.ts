import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import autocannon from 'autocannon';
import { openLmdbEventStore } from '@faultline/event-store';
import { randomId } from '@faultline/kernel';
import { ApiClient } from '../support/api-client';
import { adminKey, type ServerProcess, startServerProcess } from '../support/server-process';
import { servicenowLog } from '../support/servicenow-log';
import { temporaryDirectory } from '../support/temporary';
import { format, latencies, median, memoryOf, p50p99, type Row, spread, throughput, timed } from './measure';
import { keepAndCompare, tableOf } from './results';
import { storesRows } from './stores-bench';

// The rows of `npm run bench`; bench/README.md says what each of them means. This process makes the load, servers are processes of
// their own.

type Outcome = { readonly id: string; readonly revision: number; readonly position: string };
type Status = { readonly state: string; readonly rows: number; readonly incidents: number; readonly events: number };

const { values: options } = parseArgs({
  // Without a value it stands for every store that is there.
  args: process.argv.slice(2).map((arg, index, all) => {
    const hasValue = all[index + 1]?.startsWith('--') === false;
    return arg === '--stores' && !hasValue ? '--stores=' : arg;
  }),
  options: {
    stores: { type: 'string' },
    quick: { type: 'boolean', default: false },
    accept: { type: 'boolean', default: false },
    log: { type: 'string' },
    rows: { type: 'string', default: '119998' },
  },
});
const seconds = options.quick ? 2 : 6;
const runs = options.quick ? 1 : 3;
const clients = 32;
const rows: Row[] = [];

function report(row: Row): void {
  rows.push(row);
  process.stderr.write(`${row.row}: ${row.measured}\n`);
}

const incident = JSON.stringify({
  title: 'The VPN does not connect',
  description: 'Since this morning, on every attempt, with the message that the certificate has expired.',
  service: 'network',
  category: 'network',
  subcategory: 'vpn',
  impact: 2,
  urgency: 2,
  team: 'service-desk',
});

/** POSTs incidents from `clients` connections; `rate` limits them, calls per second. */
async function fire(url: string, forSeconds: number, rate?: number): Promise<autocannon.Result> {
  const result = await autocannon({
    url: `${url}/v1/incidents`,
    method: 'POST',
    connections: clients,
    duration: forSeconds,
    body: incident,
    headers: { 'content-type': 'application/json', authorization: `Bearer ${adminKey}` },
    ...(rate === undefined ? {} : { overallRate: rate }),
  });
  if (result.non2xx + result.errors > 0) throw new Error(`${result.non2xx} refused, ${result.errors} failed`);
  return result;
}

async function ratesOf(url: string): Promise<number[]> {
  await fire(url, seconds / 2);
  const rates: number[] = [];
  for (let run = 0; run < runs; run += 1) rates.push((await fire(url, seconds)).requests.average);
  return rates;
}

/** The same HTTP server answering a constant: requests per second. */
async function bareHttp(): Promise<number[]> {
  const child = spawn(process.execPath, [join(__dirname, 'bare-server.js')], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  try {
    return await ratesOf(line.toString('utf8').trim());
  } finally {
    child.kill();
  }
}

/** The store alone, appending what a logged incident is made of: appends per second. */
async function bareAppends(sample: readonly { type: string; data: object }[]): Promise<number> {
  const { path, remove } = await temporaryDirectory();
  const store = await openLmdbEventStore({ directory: path });
  const metadata = {
    recordedAt: '2026-01-01T00:00:00.000Z',
    occurredAt: '2026-01-01T00:00:00.000Z',
    actor: { id: randomId(), kind: 'person' },
    via: { kind: 'api-key', id: randomId() },
    $correlationId: randomId(),
    $causationId: randomId(),
    commandId: randomId(),
    schemaVersion: 1,
    hash: 'a'.repeat(64),
  } as const;
  const append = () =>
    store.append(
      `incident-${randomId()}`,
      'no-stream',
      sample.map(({ type, data }) => ({ id: randomId(), type, data: data as Record<string, string>, metadata })),
    );
  await throughput(clients, seconds / 2, append);
  const rate = await throughput(clients, seconds, append);
  await store.close();
  await remove();
  return rate;
}

async function commandRows(server: ServerProcess): Promise<void> {
  const api = new ApiClient(server.url);
  const http = await bareHttp();
  const { body: logged } = await api.post<Outcome>('/v1/incidents', JSON.parse(incident));
  const { body: history } = await api.get<{ items: { type: string; data: object }[] }>(
    `/v1/incidents/${logged.id}/history`,
  );
  const appends = await bareAppends(history.items);
  const rates = await ratesOf(server.url);
  const limit = 1 / (1 / median(http) + 1 / appends);
  report({
    row: 'log an incident, 32 clients',
    measured: `${spread(rates, '/s')}; bare HTTP ${format(median(http))}/s, bare append ${format(appends)}/s, limit ${format(limit)}/s`,
    goal: '≥ 0.40 of the bare limit',
    ratio: median(rates) / limit,
  });
  const half = await fire(server.url, seconds, Math.max(1, Math.round(median(rates) / 2)));
  report({ row: 'log an incident, half load', measured: `p99 ${half.latency.p99} ms`, goal: 'p99 < 50 ms' });

  const cycles = await throughput(clients, seconds * 2, () => lifeCycle(api));
  report({
    row: 'full life cycles (6 commands), 32 clients',
    measured: `${format(cycles)} /s`,
    goal: '≥ 430 /s',
    ratio: (cycles * 6) / limit,
  });

  const load = fire(server.url, seconds, Math.max(1, Math.round(median(rates) / 2)));
  const visible = await latencies(options.quick ? 30 : 150, async () => {
    const { body } = await api.post<Outcome>('/v1/incidents', JSON.parse(incident));
    await api.get(`/v1/queues/service-desk?limit=1&after=${body.position}`);
  });
  await load;
  report({
    row: 'logged and visible in the queue, half load',
    measured: p50p99(visible),
    goal: 'p99 < 100 ms (from durable)',
  });
  const behind = await api.get<{ items: { lagMs: number }[] }>('/v1/projections');
  report({
    row: 'lag of the projections after all that',
    measured: `${Math.max(...behind.body.items.map(({ lagMs }) => lagMs))} ms`,
    goal: 'never lags for good',
  });
}

async function lifeCycle(api: ApiClient): Promise<void> {
  const { body } = await api.post<Outcome>('/v1/incidents', JSON.parse(incident));
  const command = (name: string, content: object = {}) => api.post(`/v1/incidents/${body.id}/${name}`, content);
  await command('assignment', { agent: 'me' });
  await command('acknowledgement');
  await command('comments', { text: 'We are on it', visibility: 'public' });
  await command('resolution', { code: 'solved', notes: 'New certificate', fix: 'permanent' });
  await command('closure');
}

/** A log of as many rows as asked for: made up, or a given one repeated under new numbers. */
async function bigLog(): Promise<Buffer> {
  const wanted = Number(options.rows);
  const text = options.log === undefined ? servicenowLog(Math.ceil(wanted / 5)) : await plain(options.log);
  const [header = '', ...lines] = text.trimEnd().split('\n');
  const first = lines.slice();
  for (let copy = 1; lines.length < wanted; copy += 1) {
    for (const line of first)
      lines.push(line.replace(/^INC(\d+)/, (_, n: string) => `INC${Number(n) + copy * 1_000_000}`));
  }
  return Buffer.from([header, ...lines.slice(0, wanted), ''].join('\n'));
}

async function plain(file: string): Promise<string> {
  const bytes = await readFile(file);
  return (bytes.readUInt16BE(0) === 0x1f8b ? gunzipSync(bytes) : bytes).toString('utf8');
}

async function importRow(server: ServerProcess): Promise<Status> {
  const api = new ApiClient(server.url);
  const file = await bigLog();
  let status: Status = { state: 'running', rows: 0, incidents: 0, events: 0 };
  const ms = await timed(async () => {
    const id = await api.import('servicenow-audit', file);
    while (status.state === 'running') {
      await new Promise((resume) => setTimeout(resume, 100));
      status = (await api.get<Status>(`/v1/imports/${id}`)).body;
    }
  });
  const { peak, anonymous, mapped } = memoryOf(server.pid);
  report({
    row: `import, ${format(status.rows)} rows`,
    measured: `${format(ms / 1_000)} s, ${format(status.events)} events; peak RSS ${peak} MiB (at the end ${anonymous} own, ${mapped} mapped files)`,
    goal: '< 30 s, < 300 MB RSS',
  });
  return status;
}

const questions: readonly (readonly [string, string, string])[] = [
  ['queue page, 50 rows', '/v1/queues/{team}?limit=50', 'p99 < 20 ms at 1,000,000'],
  [
    'list by declared filters',
    '/v1/incidents?team={team}&open=true&sort=priority&limit=50',
    'p99 < 20 ms at 1,000,000',
  ],
  [
    'list by any combination',
    '/v1/incidents?location=Location%203&channel=Phone&not.state=closed&limit=50',
    'p99 < 100 ms at 100,000',
  ],
  ['report sla', '/v1/reports/sla?groupBy=team&source=imported&priority=3', 'p99 < 150 ms at 1,000,000'],
  ['report trends', '/v1/reports/trends?dimension=category&bucket=week', 'p99 < 150 ms at 1,000,000'],
  [
    'report backlog series',
    '/v1/reports/backlog?from=2016-02-01T00:00:00Z&to=2016-05-01T00:00:00Z&bucket=day',
    'p99 < 150 ms at 1,000,000',
  ],
  [
    'report resolution-time, asOf',
    '/v1/reports/resolution-time?groupBy=category&asOf=2016-03-01T00:00:00Z',
    'p99 < 150 ms at 1,000,000',
  ],
];

async function queryRows(server: ServerProcess, incidents: number): Promise<void> {
  const api = new ApiClient(server.url);
  const { body: volume } = await api.get<{ groups: { key: string | null }[] }>('/v1/reports/volume?groupBy=team');
  const team = encodeURIComponent(volume.groups.find(({ key }) => key !== null)?.key ?? '');
  for (const [row, template, goal] of questions) {
    const path = template.replace('{team}', team);
    const found = await latencies(options.quick ? 30 : 200, async () => {
      const { status } = await api.get(path);
      if (status !== 200) throw new Error(`${path} answered ${status}`);
    });
    report({ row: `${row}, ${format(incidents)} incidents`, measured: p50p99(found), goal });
  }
  const { body } = await api.post<Outcome>('/v1/incidents', { title: 'A long story' });
  const comment = { text: 'One more word', visibility: 'internal' };
  for (let n = 0; n < 999; n += 1) await api.post(`/v1/incidents/${body.id}/comments`, comment);
  const long = await latencies(options.quick ? 20 : 100, async () => {
    let cursor: string | null = '';
    while (cursor !== null) {
      const path: string = `/v1/incidents/${body.id}/history?limit=200${cursor && `&cursor=${cursor}`}`;
      cursor = (await api.get<{ nextCursor: string | null }>(path)).body.nextCursor;
    }
  });
  report({ row: 'history of 1,000 events, in pages of 200', measured: p50p99(long), goal: 'p99 < 30 ms' });
}

async function rebuildRow(server: ServerProcess, directory: string): Promise<void> {
  const api = new ApiClient(server.url);
  type Projection = { readonly name: string; readonly version: number };
  const names = (await api.get<{ items: Projection[] }>('/v1/projections')).body.items;
  const ms = await timed(async () => {
    for (const { name, version } of names) {
      await api.post(`/v1/projections/${name}/rebuild`, {});
      const isLive = async () =>
        (await api.get<{ items: Projection[] }>('/v1/projections')).body.items.some(
          (projection) => projection.name === name && projection.version > version,
        );
      while (!(await isLive())) await new Promise((resume) => setTimeout(resume, 20));
    }
  });
  await server.stop();
  const store = await openLmdbEventStore({ directory });
  let events = 0;
  const raw = await timed(async () => {
    for await (const event of store.readAll()) events += event.revision < 0 ? 0 : 1;
  });
  await store.close();
  report({
    row: 'rebuild of all read models, one after the other',
    measured: `${format((events * 1_000) / ms)} events/s; raw read ${format((events * 1_000) / raw)} events/s`,
    goal: '≥ 40,000 events/s',
    ratio: raw / ms,
  });
}

async function coldStart(directory: string, incidents: number): Promise<void> {
  const found: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    let server: ServerProcess | undefined;
    found.push(
      await timed(async () => {
        server = await startServerProcess(directory);
        await new ApiClient(server.url).get('/v1/incidents?limit=1');
      }),
    );
    await server?.stop();
  }
  report({
    row: `cold start to the first answer, ${format(incidents)} incidents`,
    measured: spread(found, 'ms'),
    goal: '< 3 s at 100,000',
  });
}

async function platformRows(): Promise<void> {
  const live = await temporaryDirectory();
  const first = await startServerProcess(live.path);
  await commandRows(first);
  await first.stop();
  await live.remove();

  const filled = await temporaryDirectory();
  const second = await startServerProcess(filled.path);
  const { incidents } = await importRow(second);
  await queryRows(second, incidents);
  await rebuildRow(second, filled.path);
  await coldStart(filled.path, incidents);
  await filled.remove();
}

async function main(): Promise<void> {
  if (options.stores === undefined) await platformRows();
  else await storesRows(options.stores, options.quick, report);
  await keepAndCompare(rows, options.accept);
  process.stdout.write(`${tableOf(rows)}\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
});
