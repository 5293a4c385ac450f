import { type Line, LineReader, maxRecordBytes } from './line-reader';
import { RecordParser } from './record-parser';

/** Why a record cannot be read; `field` is the index of the field at fault, null if it is the record as a whole. */
export type RecordFlaw = { readonly reason: string; readonly field: number | null };

/** One record of a CSV file. Of a flawed one, `fields` holds those that could be told, in their places. */
export type CsvRecord = {
  /** The physical line on which it begins, from 1. */
  readonly line: number;
  readonly fields: readonly string[];
  readonly flaw: RecordFlaw | null;
};

type NumberedLine = Line & { readonly number: number };

type OpenRecord = {
  readonly parser: RecordParser;
  readonly lines: NumberedLine[];
  /** How many fields the first physical line completed. */
  readonly settled: number;
  size: number;
};

/**
 * Reads CSV (RFC 4180, quoted newlines included) from bytes pushed in pieces of any size. The first record sets the width of all.
 * A record whose quoting is broken, that runs on for more than 1 MiB, or that spans lines and has a wrong number of fields costs only
 * its first physical line: reading resumes at the next one, so a stray quote swallows no rows. That is why this is no library: none
 * that we know recovers line by line and names the line. Blank lines are skipped.
 */
export class RecordReader {
  private readonly lines: LineReader;
  private open: OpenRecord | null = null;
  private line = 0;
  private width: number | null = null;

  constructor(private readonly sink: (record: CsvRecord) => void) {
    this.lines = new LineReader((line) => {
      this.line += 1;
      this.takeAll([{ ...line, number: this.line }]);
    });
  }

  push(chunk: Buffer): void {
    this.lines.push(chunk);
  }

  /** Hands on what the end of the file completes, or breaks. */
  end(): void {
    this.lines.end();
    while (this.open) this.takeAll(this.giveUp(this.open, 'a quoted field is never closed'));
  }

  /** Takes lines from the end of `stack`; what a broken record had swallowed is pushed back onto it. */
  private takeAll(stack: NumberedLine[]): void {
    for (let line = stack.pop(); line; line = stack.pop()) {
      for (const swallowed of this.take(line)) stack.push(swallowed);
    }
  }

  /** The lines to be read again, last one first. */
  private take(line: NumberedLine): readonly NumberedLine[] {
    if (this.open) return this.resume(this.open, line);
    if (line.text === '' || line.text === '\r') return [];
    if (line.flaw === 'too-long') {
      this.reject(line, 'the record is longer than 1 MiB', line.text.split(',').slice(0, -1));
    } else if (line.text.includes('"')) {
      this.begin(line);
    } else {
      this.complete(line, withoutReturn(line.text).split(','), line.flaw !== null);
    }
    return [];
  }

  private begin(line: NumberedLine): void {
    const parser = new RecordParser();
    const progress = parser.feed(line.text);
    if (progress === 'complete') this.complete(line, parser.fields, line.flaw !== null);
    else if (progress === 'broken') this.reject(line, 'the quoting is broken', parser.fields);
    else this.open = { parser, lines: [line], settled: parser.fields.length, size: line.text.length };
  }

  private resume(open: OpenRecord, line: NumberedLine): readonly NumberedLine[] {
    open.lines.push(line);
    open.size += line.text.length + 1;
    if (open.size > maxRecordBytes) return this.giveUp(open, 'the record is longer than 1 MiB');
    const progress = open.parser.feed(line.text);
    if (progress === 'open') return [];
    if (progress === 'broken') return this.giveUp(open, 'the quoting is broken');
    const { fields } = open.parser;
    if (this.width !== null && fields.length !== this.width) {
      return this.giveUp(
        open,
        `a quoted field spans lines and leaves ${fields.length} fields instead of ${this.width}`,
      );
    }
    this.open = null;
    const first = open.lines[0] ?? line;
    this.complete(
      first,
      fields,
      open.lines.some(({ flaw }) => flaw !== null),
    );
    return [];
  }

  private giveUp(open: OpenRecord, reason: string): NumberedLine[] {
    const [first, ...rest] = open.lines;
    this.open = null;
    if (first) this.reject(first, reason, open.parser.fields.slice(0, open.settled));
    return rest.reverse();
  }

  private complete(line: NumberedLine, fields: readonly string[], isGarbled: boolean): void {
    this.width ??= fields.length;
    const wrongWidth = fields.length !== this.width;
    const flaw = isGarbled
      ? { reason: 'not valid UTF-8', field: fields.findIndex((field) => field.includes('\ufffd')) }
      : wrongWidth
        ? { reason: `${fields.length} fields instead of ${this.width}`, field: null }
        : null;
    this.sink({ line: line.number, fields, flaw });
  }

  /** A line that cannot be parsed, but is whole, is also split at its commas: if the width is right, its fields can be told after all. */
  private reject(line: NumberedLine, reason: string, settled: readonly string[]): void {
    const split = line.flaw === 'too-long' ? [] : withoutReturn(line.text).split(',');
    const fields = split.length === this.width ? split : settled;
    this.sink({ line: line.number, fields, flaw: { reason, field: null } });
  }
}

const withoutReturn = (text: string): string => (text.endsWith('\r') ? text.slice(0, -1) : text);
