import { invalid } from '@faultline/kernel';
import { type Header, readHeader } from '../csv/header';
import { type CsvRecord } from '../csv/record-reader';
import { type ImportFormat, known, type RowContext } from '../formats/import-format';
import { type Rejection, rejectionRecord, rowRecord } from './spooled-record';

/** Where rows go: records to be sorted, and rejections to be written down. */
export type IntakeSinks = {
  readonly record: (record: string) => void;
  readonly rejection: (rejection: Rejection) => void;
};

/** Turns the records of a CSV file into spooled ones: reads the header, checks each row, marks the keys of rejected rows. */
export class RowIntake {
  rows = 0;
  keylessRows = 0;
  highestNumber: number | null = null;
  private header: Header | null = null;

  constructor(
    private readonly format: ImportFormat,
    private readonly context: RowContext,
    private readonly sinks: IntakeSinks,
  ) {}

  /** Throws what {@link readHeader} throws, and `import.header` for one that cannot be read. */
  take(record: CsvRecord): void {
    if (this.header) {
      this.rows += 1;
      this.takeRow(record, this.header);
    } else {
      if (record.flaw) throw invalid('import.header', `The header cannot be read: ${record.flaw.reason}`);
      this.header = readHeader(record.fields, this.format);
    }
  }

  /** What the file's header says. Throws `import.empty` if there was no header, or no row below it. */
  finish(): Header {
    if (!this.header) throw invalid('import.empty', 'The file is empty');
    if (this.rows === 0) throw invalid('import.empty', 'The file has a header but no rows');
    return this.header;
  }

  private takeRow({ line, fields, flaw }: CsvRecord, header: Header): void {
    const key = readableKey(fields[header.indexOf(this.format.key)], flaw !== null);
    if (key === null) this.keylessRows += 1;
    else this.note(key);
    if (flaw) {
      const column = flaw.field === null ? null : header.nameOf(flaw.field);
      this.reject(key, { line, column, reason: flaw.reason });
      return;
    }
    if (key === null) {
      this.reject(null, { line, column: this.format.key, reason: 'no key' });
      return;
    }
    const values = header.pick(fields);
    const order = this.format.orderOf(values, this.context);
    if (typeof order === 'string') this.sinks.record(rowRecord(key, order, { line, values }));
    else this.reject(key, { line, ...order });
  }

  private reject(key: string | null, rejection: Rejection): void {
    this.sinks.rejection(rejection);
    if (key !== null) this.sinks.record(rejectionRecord(key, rejection));
  }

  private note(key: string): void {
    const number = /^INC0*(\d{1,15})$/.exec(key)?.[1];
    if (number !== undefined) this.highestNumber = Math.max(this.highestNumber ?? 0, Number(number));
  }
}

/** The key, unless it is unknown or, in a row that cannot be read, garbled itself. */
const readableKey = (value: string | undefined, isFlawed: boolean): string | null =>
  isFlawed && value?.includes('\ufffd') ? null : known(value);
