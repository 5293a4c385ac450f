import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { format, type Row } from './measure';

type Baseline = Readonly<Record<string, number>>;

const folder = resolve('bench');
const baselineFile = join(folder, 'baseline.json');

/** Writes the results; ends with status 1 where a ratio is more than a fifth below the baseline, into which `accept` takes these. */
export async function keepAndCompare(rows: readonly Row[], accept: boolean): Promise<void> {
  const before = existsSync(baselineFile) ? (JSON.parse(await readFile(baselineFile, 'utf8')) as Baseline) : {};
  const now: Baseline = Object.fromEntries(
    rows.flatMap(({ row, ratio }) => (ratio === undefined ? [] : [[row, ratio]])),
  );
  for (const [row, ratio] of Object.entries(before)) {
    const found = now[row];
    if (found !== undefined && found < ratio * 0.8) {
      process.stdout.write(`Slower than the baseline: ${row}, ratio ${format(found)} instead of ${format(ratio)}\n`);
      process.exitCode = 1;
    }
  }
  await mkdir(join(folder, 'results'), { recursive: true });
  await writeFile(
    join(folder, 'results', 'latest.json'),
    `${JSON.stringify({ node: process.version, rows }, null, 2)}\n`,
  );
  // A run measures some of the rows; what is known of the others stays.
  if (accept) await writeFile(baselineFile, `${JSON.stringify({ ...before, ...now }, null, 2)}\n`);
}

/** The rows as a table in Markdown. */
export function tableOf(rows: readonly Row[]): string {
  const cells = rows.map(({ row, measured, goal, ratio }) => [
    row,
    measured,
    ratio === undefined ? '' : format(ratio),
    goal,
  ]);
  return [['row', 'measured', 'ratio', 'goal'], ['---', '---', '---', '---'], ...cells]
    .map((line) => `| ${line.join(' | ')} |`)
    .join('\n');
}
