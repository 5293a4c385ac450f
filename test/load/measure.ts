import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';

/** One row of the bench. `ratio` compares with something measured in the same run; only ratios are comparable between machines. */
export type Row = {
  readonly row: string;
  readonly measured: string;
  readonly goal: string;
  readonly ratio?: number;
};

const byValue = (a: number, b: number): number => a - b;

/** The smallest value that at least the share `q` of the values does not exceed (nearest rank). */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort(byValue);
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? NaN;
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);

/** The median of some runs, with the lowest and the highest of them. */
export const spread = (values: readonly number[], unit: string): string =>
  `${format(median(values))} ${unit} (${format(Math.min(...values))} to ${format(Math.max(...values))})`;

/** A number with as many digits as say something. */
export const format = (value: number): string =>
  value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);

/** How long a task takes, in ms. */
export async function timed(task: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await task();
  return performance.now() - began;
}

/** How long each of some calls takes, one after the other, in ms, after a tenth of them for warming up. */
export async function latencies(calls: number, call: (index: number) => Promise<unknown>): Promise<number[]> {
  for (let index = 0; index < calls / 10; index += 1) await call(index);
  const found: number[] = [];
  for (let index = 0; index < calls; index += 1) found.push(await timed(() => call(index)));
  return found;
}

/** p50 and p99 of latencies. */
export const p50p99 = (values: readonly number[]): string =>
  `p50 ${format(median(values))} ms, p99 ${format(quantile(values, 0.99))} ms`;

/** Calls made by `clients` at once for some seconds; answers calls per second. */
export async function throughput(clients: number, seconds: number, call: () => Promise<unknown>): Promise<number> {
  const end = performance.now() + seconds * 1_000;
  let calls = 0;
  const client = async () => {
    while (performance.now() < end) {
      await call();
      calls += 1;
    }
  };
  const ms = await timed(() => Promise.all(Array.from({ length: clients }, client)));
  return (calls * 1_000) / ms;
}

const megabytes = (kilobytes: string | undefined): number => Math.round(Number(kilobytes ?? NaN) / 1_024);

/** The peak of a process's resident memory, and what it is made of now, in MiB. */
export function memoryOf(pid: number): { readonly peak: number; readonly anonymous: number; readonly mapped: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const value = (name: string) => megabytes(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]);
  return { peak: value('VmHWM'), anonymous: value('RssAnon'), mapped: value('RssFile') };
}
