import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable, Transform } from 'node:stream';
import { type ReadableStream } from 'node:stream/web';
import { setTimeout as wait } from 'node:timers/promises';
import { type Api } from './api';
import { type ServerOptions, withApi } from './connection';
import { UserError } from './explain';
import { makeBar } from './progress-bar';

type ImportOptions = ServerOptions & { readonly format: string; readonly timeZone: string };

type Status = {
  readonly state: 'running' | 'done' | 'failed';
  readonly rows: number;
  readonly rowsTotal?: number;
  readonly incidents: number;
  readonly events: number;
  readonly eventsPerSecond?: number;
  readonly secondsLeft?: number | null;
  readonly unchanged: number;
  readonly rejectedRows?: number;
  readonly rejected: readonly { readonly line: number; readonly column: string | null; readonly reason: string }[];
  readonly heldBack: readonly string[];
  readonly heldBackReasons?: readonly { readonly key: string; readonly reason: string }[];
  readonly ignoredColumns: readonly string[];
  readonly differences: Readonly<Record<string, number>>;
  readonly problem?: string;
};

const pollMs = 250;
const listed = 20;
const megabyte = 1_000_000;

/** Imports a file and shows how far it has come. Ends with status 1 where the import as a whole failed. */
export async function importFile(file: string, options: ImportOptions): Promise<void> {
  const size = await sizeOf(file);
  await withApi(options, async (api) => {
    const importId = await upload(api, file, size, options);
    const status = await follow(api, importId);
    process.stdout.write(report(importId, status));
    if (status.state === 'failed') process.exitCode = 1;
  });
}

async function sizeOf(file: string): Promise<number | undefined> {
  if (file === '-') return undefined;
  try {
    const found = await stat(file);
    if (found.isFile()) return found.size;
  } catch (error) {
    throw new UserError(`${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`);
  }
  throw new UserError(`${file} is no file`);
}

async function upload(api: Api, file: string, size: number | undefined, options: ImportOptions): Promise<string> {
  const bar = makeBar('Reading   {bar} {percentage} % | {sent} MB');
  bar.start(size ?? 0, 0, { sent: '0.0' });
  let sent = 0;
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      sent += chunk.length;
      bar.update(sent, { sent: (sent / megabyte).toFixed(1) });
      done(null, chunk);
    },
  });
  const source = file === '-' ? process.stdin : createReadStream(file);
  source.on('error', (error: Error) => counted.destroy(error));
  const body = Readable.toWeb(source.pipe(counted)) as ReadableStream<Uint8Array>;
  const query = new URLSearchParams({ format: options.format, timeZone: options.timeZone });
  try {
    const path = `/v1/imports?${query.toString()}`;
    return (await api.post<{ importId: string }>(path, { body, contentType: 'text/csv' })).importId;
  } finally {
    bar.stop();
  }
}

async function follow(api: Api, importId: string): Promise<Status> {
  const bar = makeBar(
    'Importing {bar} {percentage} % | {value}/{total} rows | {incidents} incidents | {rate} events/s | {left}',
  );
  bar.start(1, 0, { incidents: 0, rate: 0, left: '' });
  try {
    for (;;) {
      const status = await api.get<Status>(`/v1/imports/${importId}`);
      bar.setTotal(Math.max(1, status.rowsTotal ?? status.rows));
      const { rows, incidents, eventsPerSecond = 0, secondsLeft = null } = status;
      const left = secondsLeft === null ? '' : `${Math.ceil(secondsLeft)} s left`;
      bar.update(rows, { incidents, rate: Math.round(eventsPerSecond), left });
      if (status.state !== 'running') return status;
      await wait(pollMs);
    }
  } finally {
    bar.stop();
  }
}

function report(importId: string, status: Status): string {
  const { state, rows, incidents, events, unchanged, heldBack, heldBackReasons, ignoredColumns, differences } = status;
  const rejectedRows = status.rejectedRows ?? status.rejected.length;
  const lines = [
    `Import ${importId}: ${state}${status.problem === undefined ? '' : `, ${status.problem}`}`,
    `  ${rows} rows, ${incidents} incidents with ${events} events imported, ${unchanged} unchanged`,
  ];
  if (rejectedRows > 0) lines.push(`  ${rejectedRows} rows rejected:`);
  for (const { line, column, reason } of status.rejected.slice(0, listed)) {
    lines.push(`    line ${line}${column === null ? '' : `, ${column}`}: ${reason}`);
  }
  if (rejectedRows > listed) lines.push(`    … all of them: GET /v1/imports/${importId}/rejected?format=csv`);
  if (heldBack.length > 0) lines.push(`  ${heldBack.length} incidents held back:`);
  for (const { key, reason } of (heldBackReasons ?? []).slice(0, listed)) lines.push(`    ${key}: ${reason}`);
  if (ignoredColumns.length > 0) lines.push(`  Columns ignored: ${ignoredColumns.join(', ')}`);
  const differing = Object.entries(differences).map(([column, count]) => `${column} ${count}`);
  if (differing.length > 0)
    lines.push(`  Stamped values that differ from the history (incidents): ${differing.join(', ')}`);
  return `${lines.join('\n')}\n`;
}
