import { randomId } from '@faultline/kernel';
import { type Contender, type Place, type Side, type Written } from './contender';
import { openBare } from './contender-bare';
import { openOurs } from './contender-ours';
import { throughput, timed } from './measure';

// One side of a comparison in a process of its own: EventStoreDB's client bears no second one that appends beside it. What to open is
// its argument, what to do comes by messages, each of which is answered by one.

/** What it can be asked. */
export type Task =
  | { readonly kind: 'append'; readonly inFlight: number; readonly seconds: number }
  | { readonly kind: 'fill'; readonly count: number }
  | { readonly kind: 'read' | 'subscribe'; readonly written: Written };

/** How many per second, and how much processor time of this process each took, in microseconds. */
export type Measured = { readonly rate: number; readonly cpu: number };

async function withCpu(task: () => Promise<{ rate: number; count: number }>): Promise<Measured> {
  const before = process.cpuUsage();
  const { rate, count } = await task();
  const { user, system } = process.cpuUsage(before);
  return { rate, cpu: (user + system) / count };
}

async function run(contender: Contender, task: Task): Promise<unknown> {
  let number = 0;
  const prefix = `bench${randomId()}-`;
  const append = () => contender.append(`${prefix}${(number += 1)}`);
  switch (task.kind) {
    case 'append':
      return withCpu(async () => {
        const rate = await throughput(task.inFlight, task.seconds, append);
        return { rate, count: number };
      });
    case 'fill': {
      const from = await contender.head();
      const client = async () => {
        while (number < task.count) await append();
      };
      await Promise.all(Array.from({ length: 256 }, client));
      return { prefix, count: task.count, from };
    }
    case 'read':
    case 'subscribe': {
      const { kind, written } = task;
      return withCpu(async () => {
        const ms = await timed(() => contender[kind](written));
        return { rate: (written.count * 1_000) / ms, count: written.count };
      });
    }
  }
}

async function main(): Promise<void> {
  const { place, side } = JSON.parse(process.argv[2] ?? '{}') as { place: Place; side: Side };
  const contender = await (side === 'ours' ? openOurs(place) : openBare(place));
  process.on('message', (task: Task) => {
    run(contender, task).then(
      (answer) => process.send?.({ answer }),
      (error: unknown) => process.send?.({ error: error instanceof Error ? error.stack : String(error) }),
    );
  });
  // Without closing anything: what it wrote is thrown away.
  process.on('disconnect', () => process.exit(0));
  process.send?.({ answer: 'ready' });
}

void main();
