import { type FileHandle, open } from 'node:fs/promises';
import { StoreUnavailable } from '@faultline/kernel';
import { onDisk } from './disk';

const lineFeed = 0x0a;
const pieceLength = 256 * 1024;

/** Appends records, one a line, to a new file; nothing is sure to be on disk before `close` has answered. */
export class RunWriter {
  private pieces: string[] = [];
  private length = 0;

  private constructor(private readonly file: FileHandle) {}

  static async create(path: string): Promise<RunWriter> {
    return new RunWriter(await onDisk(() => open(path, 'w')));
  }

  /** Keeps the record for the next write; true once it is time to `drain`. */
  add(record: string): boolean {
    this.pieces.push(record);
    this.length += record.length + 1;
    return this.length >= pieceLength;
  }

  async drain(): Promise<void> {
    if (this.pieces.length === 0) return;
    const text = `${this.pieces.join('\n')}\n`;
    this.pieces = [];
    this.length = 0;
    await onDisk(() => this.file.appendFile(text));
  }

  /** Writes what is left, flushes it to the disk and answers the size in bytes. */
  async close(): Promise<number> {
    try {
      await this.drain();
      await onDisk(() => this.file.sync());
      return (await this.file.stat()).size;
    } finally {
      await this.file.close();
    }
  }

  /** Closes the file without a word about what it holds. */
  async abandon(): Promise<void> {
    await this.file.close();
  }
}

/** Reads the records of a file one by one through a small buffer. */
export class RunReader {
  private start = 0;
  private end = 0;
  private isOver = false;

  private constructor(
    private readonly file: FileHandle,
    private buffer: Buffer,
  ) {}

  static async open(path: string, bufferBytes: number): Promise<RunReader> {
    return new RunReader(await onDisk(() => open(path, 'r')), Buffer.allocUnsafe(bufferBytes));
  }

  /** The next record, if the buffer holds it whole; otherwise null, and `fill` is due unless the file is `done`. */
  take(): string | null {
    const at = this.buffer.indexOf(lineFeed, this.start);
    if (at === -1 || at >= this.end) return null;
    const record = this.buffer.toString('utf8', this.start, at);
    this.start = at + 1;
    return record;
  }

  get done(): boolean {
    return this.isOver;
  }

  async fill(): Promise<void> {
    if (this.start > 0) this.buffer.copy(this.buffer, 0, this.start, this.end);
    this.end -= this.start;
    this.start = 0;
    if (this.end === this.buffer.length) this.buffer = Buffer.concat([this.buffer], this.buffer.length * 2);
    const room = this.buffer.length - this.end;
    const { bytesRead } = await onDisk(() => this.file.read(this.buffer, this.end, room, null));
    this.end += bytesRead;
    this.isOver = bytesRead === 0;
    if (this.isOver && this.end > 0)
      throw new StoreUnavailable('The spool of the import is damaged: a run ends in mid-record');
  }

  async close(): Promise<void> {
    await this.file.close();
  }
}
