import { type Environment, EnvironmentError } from '@faultline/config';
import { endOnSignal, type Program } from './end-on-signal';
import { areShared, storeSettings } from '@faultline/stores';

/**
 * Runs a program until a signal ends it in order. What makes its start fail is told in a line of plain words on standard error, and
 * the status is 1.
 */
export function runProgram(start: () => Promise<Program>): void {
  let program: Program | undefined;
  endOnSignal(() => program);
  start().then(
    (started) => {
      program = started;
    },
    (error: unknown) => {
      process.stderr.write(`faultline: ${error instanceof Error ? error.message : String(error)}\n`);
      process.exit(1);
    },
  );
}

/** Refuses embedded stores, which one process has to itself. Throws EnvironmentError. */
export function requireServers(environment: Environment): void {
  if (areShared(storeSettings(environment))) return;
  const needed = [
    ['EVENT_STORE', environment.eventStore, 'esdb://node:2113'],
    ['READ_STORE', environment.readStore, 'mongodb://node:27017/faultline'],
  ] as const;
  const faults = needed
    .filter(([, store]) => store.kind === 'embedded')
    .map(([variable, , example]) => {
      const problem = 'must name a server, since several processes share it (npm start runs on embedded stores)';
      return { variable, problem, example };
    });
  throw new EnvironmentError(faults);
}
