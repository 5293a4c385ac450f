import { type Place, type Side, type Written } from './contender';
import { HelperProcess } from './helper-process';
import { format, median, type Row } from './measure';
import { lendPlace, nameOf } from './places';
import { type Measured, type Task } from './store-program';

/** How much is measured. */
export type Effort = {
  readonly rounds: number;
  readonly seconds: number;
  readonly events: number;
  readonly rows: number;
};

type Found = Readonly<Record<Side, Measured[]>>;

const sides = ['ours', 'bare'] as const;
const goal = '≥ 0.80 of the bare client';

/** Appends, a read and a subscription through an adapter, in turns with the bare client that does the same. */
export async function eventStoreRows(kind: Place['kind'], effort: Effort): Promise<Row[]> {
  const rows: Row[] = [];
  for (const inFlight of [1, 64, 512]) {
    const rates = await withSides(kind, async (processes) => {
      const append = (seconds: number): Task => ({ kind: 'append', inFlight, seconds });
      for (const side of sides) await processes[side].ask(append(effort.seconds));
      return inTurns(effort.rounds, (side) => processes[side].ask(append(effort.seconds)));
    });
    rows.push(rowOf(`append, ${inFlight} in flight, ${nameOf[kind]}`, rates, 'appends/s'));
  }
  return [...rows, ...(await readRows(kind, effort))];
}

async function readRows(kind: Place['kind'], { rounds, events }: Effort): Promise<Row[]> {
  return withSides(kind, async (processes) => {
    const fill = (side: Side) => processes[side].ask<Written>({ kind: 'fill', count: events } satisfies Task);
    const ours = await fill('ours');
    // Sides that share a server read the same events.
    const written: Readonly<Record<Side, Written>> = { ours, bare: kind === 'lmdb' ? await fill('bare') : ours };
    const rows: Row[] = [];
    for (const task of ['read', 'subscribe'] as const) {
      const once = (side: Side) => processes[side].ask<Measured>({ kind: task, written: written[side] } satisfies Task);
      for (const side of sides) await once(side);
      const what = task === 'read' ? 'sequential read' : 'subscription that catches up';
      rows.push(rowOf(`${what}, ${format(events)} events, ${nameOf[kind]}`, await inTurns(rounds, once), 'events/s'));
    }
    return rows;
  });
}

/** Both sides, each a process of its own, on one server where there is one. */
async function withSides<Result>(
  kind: Place['kind'],
  task: (processes: Readonly<Record<Side, HelperProcess>>) => Promise<Result>,
): Promise<Result> {
  const first = await lendPlace(kind);
  const second = kind === 'lmdb' ? await lendPlace(kind) : first;
  const start = (place: Place, side: Side) => HelperProcess.start('store-program', { place, side });
  const processes = { ours: await start(first.what, 'ours'), bare: await start(second.what, 'bare') };
  try {
    return await task(processes);
  } finally {
    for (const side of sides) await processes[side].stop();
    for (const place of new Set([first, second])) await place.stop();
  }
}

/** Rates of both sides, one measured right after the other, and each of them first as often as the other. */
async function inTurns(rounds: number, once: (side: Side) => Promise<Measured>): Promise<Found> {
  const rates: Found = { ours: [], bare: [] };
  for (let round = 0; round < rounds; round += 1) {
    const order = round % 2 === 0 ? sides : [...sides].reverse();
    for (const side of order) rates[side].push(await once(side));
  }
  return rates;
}

/**
 * The ratio is the median of the rounds' ratios: what else the machine does changes from round to round. Processor time, which does not
 * depend on that, stands beside it.
 */
function rowOf(row: string, { ours, bare }: Found, unit: string): Row {
  const ratios = ours.map(({ rate }, round) => rate / (bare[round]?.rate ?? NaN));
  const between = `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`;
  const told = (found: readonly Measured[]) =>
    `${format(median(found.map(({ rate }) => rate)))} ${unit}, ${format(median(found.map(({ cpu }) => cpu)))} µs CPU each`;
  const measured = `${told(ours)}; bare ${told(bare)}; ratios ${between}`;
  return { row, measured, goal, ratio: median(ratios) };
}
