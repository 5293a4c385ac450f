import { setTimeout as wait } from 'node:timers/promises';
import { type Api } from './api';
import { type ServerOptions, withApi } from './connection';
import { UserError } from './explain';

type Projection = {
  readonly name: string;
  readonly version: number;
  readonly position: string | null;
  readonly lagMs: number;
  readonly rebuild: { readonly phase: string; readonly events: number } | null;
};

const pollMs = 250;

const statusOf = async (api: Api): Promise<readonly Projection[]> =>
  (await api.get<{ items: readonly Projection[] }>('/v1/projections')).items;

/** Prints a table of projections. */
export async function listProjections(options: ServerOptions): Promise<void> {
  await withApi(options, async (api) => {
    const rows = (await statusOf(api)).map(({ name, version, position, lagMs, rebuild }) => [
      name,
      String(version),
      position ?? '-',
      `${lagMs} ms`,
      rebuild ? progressOf(rebuild) : '-',
    ]);
    process.stdout.write(table([['name', 'version', 'position', 'lag', 'rebuild'], ...rows]));
  });
}

/** Rebuilds one projection after the other and waits for each. */
export async function rebuildProjections(names: readonly string[], options: ServerOptions): Promise<void> {
  await withApi(options, async (api) => {
    const known = (await statusOf(api)).map(({ name }) => name);
    const unknown = names.filter((name) => !known.includes(name));
    if (unknown.length > 0)
      throw new UserError(`there is no projection ${unknown.join(', ')}; known: ${known.join(', ')}`);
    for (const name of names.length > 0 ? names : known) await rebuild(api, name);
  });
}

async function rebuild(api: Api, name: string): Promise<void> {
  const before = await find(api, name);
  await api.post(`/v1/projections/${encodeURIComponent(name)}/rebuild`);
  for (;;) {
    const now = await find(api, name);
    if (now.version > before.version) {
      process.stdout.write(`${name}: version ${now.version} is live\n`);
      return;
    }
    if (!now.rebuild) throw new UserError(`the rebuild of ${name} ended without a new version; see the server's log`);
    if (process.stderr.isTTY) process.stderr.write(`\r${name}: ${progressOf(now.rebuild)} `);
    await wait(pollMs);
  }
}

async function find(api: Api, name: string): Promise<Projection> {
  const found = (await statusOf(api)).find((projection) => projection.name === name);
  if (!found) throw new UserError(`there is no projection ${name}`);
  return found;
}

const progressOf = ({ phase, events }: NonNullable<Projection['rebuild']>): string => `${phase}, ${events} events`;

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return `${lines.join('\n')}\n`;
}
