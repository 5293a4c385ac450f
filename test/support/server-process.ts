import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';

// By the working directory: this file runs as TypeScript in tests and compiled in the bench.
const main = resolve('dist/apps/cli/src/main.js');

/** The preset key of every server that tests start. */
export const adminKey = 'key-of-the-administrator-in-tests';

type Settings = Readonly<Record<string, string>>;

const environmentOf = (directory: string, more: Settings): NodeJS.ProcessEnv => ({
  PATH: process.env['PATH'],
  HOST: '127.0.0.1',
  PORT: '0',
  EVENT_STORE: `lmdb:${directory}`,
  READ_STORE: `lmdb:${directory}`,
  KEY_STORE: `file:${directory}`,
  BLOB_STORE: `file:${directory}`,
  FAULTLINE_ADMIN_KEY: adminKey,
  RATE_LIMIT_PER_MINUTE: '100000000',
  ...more,
});

/** What a command of the command line left behind. */
export type Ended = { readonly status: number | null; readonly output: string; readonly errors: string };

/** The command line as a process; `limit` is a shell's command that runs before it, such as `ulimit -f 100`. */
function spawnFaultline(directory: string, args: readonly string[], settings: Settings, limit?: string) {
  const env = environmentOf(directory, settings);
  if (limit === undefined) return spawn(process.execPath, [main, ...args], { env });
  return spawn('/bin/sh', ['-c', `${limit}; exec "$0" "$@"`, process.execPath, main, ...args], { env });
}

/** A server whose parent never waits for it. */
export function spawnUnreaped(directory: string) {
  const env = environmentOf(directory, {});
  return spawn('/bin/sh', ['-c', '"$0" "$@" & exec sleep 600', process.execPath, main, 'start'], { env });
}

/** A command that runs: `ended` resolves once it has, also by `kill`, which is kill -9. */
export type Begun = { readonly ended: Promise<Ended>; kill(): Promise<Ended> };

/** Begins a command of the built command line. */
export function beginFaultline(
  directory: string,
  args: readonly string[],
  settings: Settings = {},
  limit?: string,
): Begun {
  const child = spawnFaultline(directory, args, settings, limit);
  const collected = collect(child);
  const ended = once(child, 'close').then(() => ({ status: child.exitCode, ...collected() }));
  const kill = () => {
    child.kill('SIGKILL');
    return ended;
  };
  return { ended, kill };
}

/** Runs the built command line to its end. */
export const runFaultline = (...command: Parameters<typeof beginFaultline>): Promise<Ended> =>
  beginFaultline(...command).ended;

/** A server in a process of its own. */
export type ServerProcess = {
  readonly url: string;
  readonly pid: number;
  /** kill -9: nothing is flushed, nothing is said. Resolves once the process is gone. */
  kill(): Promise<void>;
  /** Asks it to end in order; resolves with its exit status. */
  stop(): Promise<number | null>;
};

/** Starts the built server on a free port and waits until it answers. Throws with its output where it ends before. */
export async function startServerProcess(
  directory: string,
  settings: Settings = {},
  limit?: string,
): Promise<ServerProcess> {
  const child = spawnFaultline(directory, ['start'], settings, limit);
  const collected = collect(child);
  const exited = once(child, 'exit');
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.on('data', () => {
      const found = / runs at (http:\S+)/.exec(collected().output)?.[1];
      if (found !== undefined) resolve(found);
    });
    child.on('exit', () => {
      const { output, errors } = collected();
      reject(new Error(`The server did not start:\n${output}${errors}`));
    });
  });
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    await exited;
    return child.exitCode;
  };
  const kill = async () => {
    await end('SIGKILL');
  };
  return { url, pid: child.pid ?? 0, kill, stop: () => end('SIGTERM') };
}

function collect(child: ChildProcess): () => Omit<Ended, 'status'> {
  let output = '';
  let errors = '';
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')));
  child.stderr?.on('data', (chunk: Buffer) => (errors += chunk.toString('utf8')));
  return () => ({ output, errors });
}
