import { join } from 'node:path';
import { RunWriter } from './run-file';
import { type Rejection } from './spooled-record';

/** The file in a spool that lists every rejected row: CSV with the columns line, column, reason. */
export const rejectedFile = 'rejected.csv';

/** How many rejected rows a report names. */
export const reportedRejections = 1000;

/** Writes down rejected rows, all of them to a file and the first ones to `first`. */
export class RejectedRows {
  readonly first: Rejection[] = [];
  total = 0;
  private due = false;

  private constructor(private readonly writer: RunWriter) {}

  static async create(directory: string): Promise<RejectedRows> {
    const rows = new RejectedRows(await RunWriter.create(join(directory, rejectedFile)));
    rows.writer.add('line,column,reason');
    return rows;
  }

  add(rejection: Rejection): void {
    this.total += 1;
    if (this.first.length < reportedRejections) this.first.push(rejection);
    const { line, column, reason } = rejection;
    this.due = this.writer.add(`${line},${quote(column ?? '')},${quote(reason)}`);
  }

  async drain(): Promise<void> {
    if (this.due) await this.writer.drain();
    this.due = false;
  }

  async close(): Promise<void> {
    await this.writer.close();
  }

  async abandon(): Promise<void> {
    await this.writer.abandon();
  }
}

const quote = (value: string): string => (/[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);
