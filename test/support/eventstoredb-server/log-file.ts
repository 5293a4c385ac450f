/**
 * The append-only file behind a log.
 *
 * EventStoreDB answers a write when it is flushed to disk. Flushes are shared: whatever arrived while one was under way
 * goes out with the next, so that many writers cost little more than one.
 */
import { mkdir, open, readFile, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { readFrames, type RecordedEvent } from './records';

/** A file to which frames are appended in order. */
export class LogFile {
  #waiting: { readonly frame: Buffer; readonly written: () => void }[] = [];
  #flushing: Promise<void> | undefined;

  private constructor(private readonly handle: FileHandle) {}

  /** Opens the log of a directory, makes both if absent, cuts a torn end off, and gives the writes found, in order. */
  static async open(
    directory: string,
  ): Promise<{ readonly file: LogFile; readonly writes: readonly RecordedEvent[][]; readonly end: number }> {
    await mkdir(directory, { recursive: true });
    const path = join(directory, 'events.log');
    const handle = await open(path, 'a+');
    const { writes, end } = readFrames(await readFile(path));
    await handle.truncate(end);
    return { file: new LogFile(handle), writes, end };
  }

  /** Calls `written` once the frame is on disk; calls are made in the order of the frames. */
  append(frame: Buffer, written: () => void): void {
    this.#waiting.push({ frame, written });
    this.#flushing ??= this.#flush();
  }

  /** Waits for what was appended, then closes the file. */
  async close(): Promise<void> {
    await this.#flushing;
    await this.handle.close();
  }

  async #flush(): Promise<void> {
    // What arrives in the same turn of the event loop shares the first flush.
    await new Promise<void>((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      await this.handle.appendFile(Buffer.concat(batch.map(({ frame }) => frame)));
      await this.handle.datasync();
      for (const { written } of batch) written();
    }
    this.#flushing = undefined;
  }
}
