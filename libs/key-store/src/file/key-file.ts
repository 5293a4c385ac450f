import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  type Stats,
  statSync,
  writeFileSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { StoreUnavailable } from '@faultline/kernel';

/** A line of the key file: a key wrapped by the master key, what is left of a destroyed one, the secret, or the check value. */
export type KeyLine =
  | { readonly kind: 'key'; readonly id: string; readonly subject: string; readonly wrapped: string }
  | { readonly kind: 'destroyed'; readonly id: string }
  | { readonly kind: 'installation'; readonly wrapped: string };

/** An append-only file of JSON lines, mode 0600, rewritten only where something must really be gone. */
export class KeyFile {
  private offset = 0;
  /** Of the file that the offset belongs to: a replaced one is read from its start. */
  private identity = '';

  constructor(private readonly path: string) {}

  /** The lines added since the last call, all of them where the file was replaced. A torn last line (its append was never acknowledged) is left out. */
  readNew(): KeyLine[] {
    if (!existsSync(this.path)) return [];
    const file = openSync(this.path, 'r');
    try {
      const stats = fstatSync(file);
      if (identityOf(stats) !== this.identity) this.offset = 0;
      this.identity = identityOf(stats);
      const { size } = stats;
      if (size <= this.offset) return [];
      const bytes = Buffer.alloc(size - this.offset);
      const added = bytes.subarray(0, readSync(file, bytes, 0, bytes.length, this.offset));
      return this.linesOf(added.subarray(0, added.lastIndexOf(0x0a) + 1));
    } finally {
      closeSync(file);
    }
  }

  private linesOf(whole: Buffer): KeyLine[] {
    this.offset += whole.length;
    return whole
      .toString('utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as KeyLine);
  }

  /** Cuts off a torn last line, so that the next append begins a line. */
  repair(): void {
    if (!existsSync(this.path)) return;
    const bytes = readFileSync(this.path);
    const end = bytes.lastIndexOf(0x0a) + 1;
    if (end === bytes.length) return;
    const file = openSync(this.path, 'r+');
    ftruncateSync(file, end);
    fsyncSync(file);
    closeSync(file);
  }

  /** Appends; resolves once the lines are on disk. Throws StoreUnavailable, with the file as it was before. */
  async append(lines: readonly KeyLine[]): Promise<void> {
    try {
      const file = await open(this.path, 'a', 0o600);
      try {
        await file.appendFile(toText(lines));
        await file.sync();
        const stats = await file.stat();
        this.identity = identityOf(stats);
        this.offset = stats.size;
      } finally {
        await file.close();
      }
    } catch (cause) {
      // A full disk may have taken half a line: the next one must not be written behind it.
      this.repair();
      const message = cause instanceof Error ? cause.message : String(cause);
      throw new StoreUnavailable(`The key store cannot be written: ${message}`, { cause });
    }
  }

  /** Replaces the whole file, so that nothing of what is left out remains in it. */
  replace(lines: readonly KeyLine[]): void {
    const text = toText(lines);
    const next = `${this.path}.next`;
    writeFileSync(next, text, { mode: 0o600, flush: true });
    renameSync(next, this.path);
    const folder = openSync(dirname(this.path), 'r');
    fsyncSync(folder);
    closeSync(folder);
    this.identity = identityOf(statSync(this.path));
    this.offset = Buffer.byteLength(text);
  }
}

/** The number of an inode alone may be that of an earlier file. */
const identityOf = ({ ino, birthtimeMs }: Stats): string => `${ino}:${birthtimeMs}`;

const toText = (lines: readonly KeyLine[]): string => lines.map((line) => `${JSON.stringify(line)}\n`).join('');
