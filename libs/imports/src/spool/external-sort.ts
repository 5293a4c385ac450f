import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { mergeRuns } from './merge';
import { RunWriter } from './run-file';

/** A sorted file of records. */
export type Run = { readonly file: string; readonly bytes: number };

/** The bounds of a sort: characters held in memory before a run is written, and runs that are merged at once. */
export type SortLimits = { readonly chunkLength: number; readonly fanIn: number };

/** About 4 MB of text at once, and 64 buffers of 64 KiB. */
export const defaultSortLimits: SortLimits = { chunkLength: 4 * 1024 * 1024, fanIn: 64 };

/** Sorts any number of records by UTF-16 code units, in a directory and in little memory. */
export class ExternalSort {
  private records: string[] = [];
  private length = 0;
  private runs: Run[] = [];
  private written = 0;

  constructor(
    private readonly directory: string,
    private readonly limits: SortLimits = defaultSortLimits,
  ) {}

  add(record: string): void {
    this.records.push(record);
    this.length += record.length;
  }

  /** Whether a run is due. */
  get isFull(): boolean {
    return this.length >= this.limits.chunkLength;
  }

  /** Sorts what is in memory and writes it as a run. */
  async flush(): Promise<void> {
    if (this.records.length === 0) return;
    const { records } = this;
    this.records = [];
    this.length = 0;
    records.sort(byCodeUnits);
    this.runs.push(await this.write(records));
  }

  /** The runs, few enough to be merged at once. */
  async finish(): Promise<readonly Run[]> {
    await this.flush();
    const { fanIn } = this.limits;
    while (this.runs.length > fanIn) {
      const merged: Run[] = [];
      for (let start = 0; start < this.runs.length; start += fanIn) {
        merged.push(await this.merge(this.runs.slice(start, start + fanIn)));
      }
      this.runs = merged;
    }
    return this.runs;
  }

  private async merge(runs: readonly Run[]): Promise<Run> {
    const [first] = runs;
    if (first && runs.length === 1) return first;
    const paths = runs.map(({ file }) => join(this.directory, file));
    const run = await this.write(mergeRuns(paths));
    for (const path of paths) await rm(path);
    return run;
  }

  private async write(records: Iterable<string> | AsyncIterable<string>): Promise<Run> {
    this.written += 1;
    const file = `run-${this.written.toString().padStart(6, '0')}`;
    const writer = await RunWriter.create(join(this.directory, file));
    try {
      for await (const record of records) {
        if (writer.add(record)) await writer.drain();
      }
    } catch (error) {
      await writer.abandon();
      throw error;
    }
    return { file, bytes: await writer.close() };
  }
}

const byCodeUnits = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
