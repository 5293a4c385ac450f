import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

/** A program that has said that it is ready. */
export type Child = {
  readonly process: ChildProcess;
  /** What the line said by which it told that it is ready. */
  readonly ready: RegExpExecArray;
  /** kill -9. Resolves once the process is gone. */
  kill(): Promise<void>;
  /** Asks it to end in order; resolves with its exit status. */
  stop(): Promise<number | null>;
};

/** Starts a built program of node and waits until a line of its output matches `ready`. Throws with what it said where it ends before. */
export async function startChild(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  ready: RegExp,
): Promise<Child> {
  const child = spawn(process.execPath, args, {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['pipe', 'pipe', 'pipe', 'ipc'],
  });
  const exited = once(child, 'exit');
  // Both ends of what it is given may be gone before this process hears of it.
  child.on('error', () => undefined);
  child.stdin?.on('error', () => undefined);
  let said = '';
  const match = await new Promise<RegExpExecArray>((resolve, reject) => {
    const listen = (chunk: Buffer) => {
      said += chunk.toString('utf8');
      const found = ready.exec(said);
      if (found) resolve(found);
    };
    child.stdout?.on('data', listen);
    child.stderr?.on('data', listen);
    child.on('exit', () => {
      reject(new Error(`${args.join(' ')} did not start:\n${said}`));
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
  return { process: child, ready: match, kill, stop: () => end('SIGTERM') };
}
