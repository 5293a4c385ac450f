// The main job against a running server: imports a log there and into embedded stores of its own, and compares every report of the
// two, figure for figure. Ends with status 1 where anything differs. Settings: FAULTLINE_URL, FAULTLINE_ADMIN_KEY or its _FILE.
import { readFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { readEnvironment } from '@faultline/config';
import { randomId } from '@faultline/kernel';
import { ApiClient } from '../support/api-client';
import { startServerProcess } from '../support/server-process';
import { temporaryDirectory } from '../support/temporary';

type Status = {
  readonly state: string;
  readonly rows: number;
  readonly incidents: number;
  readonly events: number;
  readonly rejectedRows?: number;
  readonly problem?: string;
};

type Catalogue = {
  readonly items: readonly {
    readonly name: string;
    readonly parameters: readonly { readonly name: string; readonly values?: readonly string[] }[];
  }[];
};

const pollMs = 500;
const shown = 1_000;
/** Their ids are made with a secret of the installation, so that no two installations have them in common. */
const personal = ['agent', 'requester'];
const say = (line: string) => process.stdout.write(`${line}\n`);

async function succeed<Body>(asked: Promise<{ readonly status: number; readonly body: Body }>): Promise<Body> {
  const { status, body } = await asked;
  if (status >= 400) throw new Error(`The server answered ${status}: ${JSON.stringify(body)}`);
  return body;
}

/** Imports the log to its end and waits until queries reflect all of it; answers what was imported. */
async function importLog(api: ApiClient, format: string, log: Uint8Array): Promise<Status> {
  const id = await api.import(format, log);
  let status = await succeed(api.get<Status>(`/v1/imports/${id}`));
  while (status.state === 'running') {
    await wait(pollMs);
    status = await succeed(api.get<Status>(`/v1/imports/${id}`));
  }
  if (status.state !== 'done') throw new Error(`The import ended as ${status.state}: ${status.problem ?? ''}`);
  const team = { key: `team-${randomId()}`, name: 'Only there to have a position behind the import' };
  const { position } = await succeed(api.post<{ position: string }>('/v1/teams', team));
  await succeed(api.get(`/v1/queues?after=${position}`));
  return status;
}

/** Every report as of one instant, plain and by each of its groupings. */
async function questions(api: ApiClient): Promise<string[]> {
  const { items } = await succeed(api.get<Catalogue>('/v1/reports'));
  const asOf = new Date().toISOString();
  return items.flatMap(({ name, parameters }) => {
    const valuesOf = (parameter: string) => parameters.find((known) => known.name === parameter)?.values ?? [];
    const common = { asOf, ...(valuesOf('source').includes('imported') && { source: 'imported' }) };
    const groupings = valuesOf('groupBy').filter((group) => !personal.includes(group));
    const asked = [common, ...groupings.map((groupBy) => ({ ...common, groupBy }))];
    return asked.map((query) => `/v1/reports/${name}?${new URLSearchParams(query).toString()}`);
  });
}

const shortened = (value: unknown): string => JSON.stringify(value).slice(0, shown);

function compare(what: string, ours: unknown, theirs: unknown): boolean {
  if (isDeepStrictEqual(ours, theirs)) return true;
  say(`${what} differs:\n  embedded: ${shortened(ours)}\n  there:    ${shortened(theirs)}`);
  return false;
}

const figures = ({ rows, incidents, events, rejectedRows = 0 }: Status) => ({ rows, incidents, events, rejectedRows });

async function compareAll(embedded: ApiClient, there: ApiClient, format: string, log: Uint8Array): Promise<boolean> {
  const imported = figures(await importLog(there, format, log));
  say(`imported there: ${JSON.stringify(imported)}`);
  let same = compare('the import', figures(await importLog(embedded, format, log)), imported);
  const asked = await questions(embedded);
  for (const path of asked) {
    const [ours, theirs] = await Promise.all([embedded.get(path), there.get(path)]);
    if (ours.status !== 200) throw new Error(`${path} answered ${ours.status}: ${JSON.stringify(ours.body)}`);
    same = compare(path, ours.body, theirs.body) && same;
  }
  say(`compared ${asked.length} reports: ${same ? 'all are the same' : 'they differ'}`);
  return same;
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ options: { format: { type: 'string' } }, allowPositionals: true });
  const url = process.env['FAULTLINE_URL'];
  const { adminKey } = readEnvironment({
    FAULTLINE_ADMIN_KEY: process.env['FAULTLINE_ADMIN_KEY'],
    FAULTLINE_ADMIN_KEY_FILE: process.env['FAULTLINE_ADMIN_KEY_FILE'],
  });
  const [path] = positionals;
  if (url === undefined || adminKey === undefined || path === undefined || values.format === undefined)
    throw new Error('usage: FAULTLINE_URL=… FAULTLINE_ADMIN_KEY=… main-job LOG --format FORMAT');
  const directory = await temporaryDirectory();
  const settings = { FAULTLINE_ADMIN_KEY: adminKey, BLOB_STORE: `file:${directory.path}` };
  const server = await startServerProcess(directory.path, settings);
  try {
    const [embedded, there] = [new ApiClient(server.url, adminKey), new ApiClient(url, adminKey)];
    if (!(await compareAll(embedded, there, values.format, await readFile(path)))) process.exitCode = 1;
  } finally {
    await server.stop();
    await directory.remove();
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`main-job: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
