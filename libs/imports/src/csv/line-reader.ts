import { isUtf8 } from 'node:buffer';
import { invalid } from '@faultline/kernel';

/** The longest record that is read, in bytes; a longer one is reported as unreadable. */
export const maxRecordBytes = 1024 * 1024;

/** A physical line without its line feed (a carriage return before it is kept); `flaw` says why its text cannot be trusted. */
export type Line = { readonly text: string; readonly flaw: 'encoding' | 'too-long' | null };

const lineFeed = 0x0a;
const replacement = '\ufffd';

/**
 * Cuts bytes, pushed in pieces of any size, into the physical lines of a UTF-8 text; of a line longer than a record may be, only
 * the beginning is kept. Throws `import.encoding` at a NUL byte or a UTF-16 byte order mark.
 */
export class LineReader {
  private carry: Buffer[] = [];
  private carried = 0;
  private begun = false;

  constructor(private readonly sink: (line: Line) => void) {}

  push(chunk: Buffer): void {
    if (chunk.includes(0)) throw invalid('import.encoding', 'The file is not UTF-8 text: it contains NUL bytes');
    let start = 0;
    for (let end = chunk.indexOf(lineFeed); end !== -1; end = chunk.indexOf(lineFeed, start)) {
      this.complete(chunk.subarray(start, end));
      start = end + 1;
    }
    this.keep(chunk.subarray(start));
  }

  /** Hands on the last line, if it lacks its line feed. */
  end(): void {
    if (this.carried > 0) this.complete(Buffer.alloc(0));
  }

  private keep(tail: Buffer): void {
    if (this.carried <= maxRecordBytes && tail.length > 0) {
      this.carry.push(Buffer.from(tail.subarray(0, maxRecordBytes + 1)));
    }
    this.carried += tail.length;
  }

  private complete(tail: Buffer): void {
    if (this.carried === 0) {
      this.emit(tail, tail.length);
      return;
    }
    const length = this.carried + tail.length;
    const bytes = Buffer.concat([...this.carry, tail.subarray(0, maxRecordBytes)]);
    this.carry = [];
    this.carried = 0;
    this.emit(bytes, length);
  }

  private emit(bytes: Buffer, length: number): void {
    const isFirst = !this.begun;
    this.begun = true;
    if (isFirst) refuseUtf16(bytes);
    if (length > maxRecordBytes) {
      this.sink({ text: bytes.toString('utf8', 0, maxRecordBytes), flaw: 'too-long' });
      return;
    }
    const text = bytes.toString('utf8');
    const flaw = text.includes(replacement) && !isUtf8(bytes) ? 'encoding' : null;
    this.sink({ text: isFirst && text.startsWith('\ufeff') ? text.slice(1) : text, flaw });
  }
}

function refuseUtf16(bytes: Buffer): void {
  const mark = bytes.length < 2 ? 0 : bytes.readUInt16BE(0);
  if (mark === 0xfeff || mark === 0xfffe) {
    throw invalid('import.encoding', 'The file is UTF-16; save it as UTF-8 and import it again');
  }
}
