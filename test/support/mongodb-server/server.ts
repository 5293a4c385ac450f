import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fetchLibraries, sources } from './libraries';

/** A server that speaks MongoDB's protocol, in a process of its own, with its data in memory. */
export type MongoDbServer = {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Ends it in order. */
  stop(): Promise<void>;
  /** kill -9. Resolves once the process is gone; a new one may take its port. */
  kill(): Promise<void>;
  /** Freezes it: connections stay open and nothing is answered. */
  pause(): void;
  resume(): void;
};

// It lives for seconds: what makes Java start quickly, and little memory.
const options = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Xmx512m'];

// Far beyond the second that it takes, also on a machine that is busy.
const patience = 60_000;

/** Starts a server on `port`, any free one where it is absent. Throws with what it said when it ends instead. */
export async function startMongoDbServer({ port = 0 }: { readonly port?: number } = {}): Promise<MongoDbServer> {
  const classPath = join(await fetchLibraries(), '*');
  const source = join(sources, 'MongoDbServer.java');
  const child = spawn('java', [...options, '-cp', classPath, source, '127.0.0.1', String(port)]);
  const exited = once(child, 'exit');
  const overdue = setTimeout(() => child.kill('SIGKILL'), patience);
  // Its standard input ends with this process, and it with that; an error there means that it is gone already.
  child.stdin.on('error', () => undefined);
  const url = await new Promise<string>((resolve, reject) => {
    let said = '';
    const listen = (chunk: Buffer) => {
      said += chunk.toString('utf8');
      const ready = /READY (\S+)\s/.exec(said)?.[1];
      if (ready !== undefined) resolve(ready);
    };
    child.stdout.on('data', listen);
    child.stderr.on('data', listen);
    child.on('error', reject);
    child.on('exit', () => {
      clearTimeout(overdue);
      reject(new Error(`The MongoDB server did not start: ${said}`));
    });
  });
  clearTimeout(overdue);
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    await exited;
  };
  return {
    url,
    port: Number(new URL(url).port),
    pid: child.pid ?? 0,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    pause: () => child.kill('SIGSTOP'),
    resume: () => child.kill('SIGCONT'),
  };
}
