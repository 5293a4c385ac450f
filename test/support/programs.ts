import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

// By the working directory: these run compiled.
const programs = {
  gateway: resolve('dist/apps/gateway/src/main.js'),
  projector: resolve('dist/apps/projector/src/main.js'),
};

/** A program of the product as a process, which need not get as far as to serve. */
export type Program = {
  readonly process: ChildProcess;
  /** Everything that it has written, to both outputs. */
  said(): string;
  /** Its exit status, once it has ended. */
  readonly ended: Promise<number | null>;
  /** Its address, once it serves. Rejects with what it said where it ends before. */
  url(): Promise<string>;
  stop(): Promise<void>;
};

export type Environment = Readonly<Record<string, string>>;

/** Starts a built program of the product; returns at once. */
export function startProgram(name: keyof typeof programs, environment: Environment): Program {
  const child = spawn(process.execPath, [programs[name]], { env: { PATH: process.env['PATH'], ...environment } });
  const exited = once(child, 'close');
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ended = exited.then(() => child.exitCode);
  return {
    process: child,
    said: () => output,
    ended,
    url: async () => {
      const address = () => / runs at (http:\S+)/.exec(output)?.[1];
      await eventually(() => address() !== undefined || child.exitCode !== null);
      const url = address();
      if (url === undefined) throw new Error(`The ${name} did not start:\n${output}`);
      return url;
    },
    stop: async () => {
      child.kill('SIGCONT');
      child.kill('SIGTERM');
      await ended;
    },
  };
}

const pollMs = 50;

/** Resolves once the condition holds, which is asked for twenty times a second: fit for processes that the questions would keep busy. */
export async function eventually(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await pause(pollMs);
}
