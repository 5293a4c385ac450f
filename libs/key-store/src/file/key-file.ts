import {
  closeSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
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

  constructor(private readonly path: string) {}

  /** The lines added since the last call. A torn last line (its append was never acknowledged) is left out. */
  readNew(): KeyLine[] {
    if (!existsSync(this.path)) return [];
    const bytes = readFileSync(this.path);
    if (bytes.length < this.offset) this.offset = 0;
    const end = bytes.lastIndexOf(0x0a) + 1;
    if (end <= this.offset) return [];
    const text = bytes.toString('utf8', this.offset, end);
    this.offset = end;
    return text
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
        this.offset = (await file.stat()).size;
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
    this.offset = Buffer.byteLength(text);
  }
}

const toText = (lines: readonly KeyLine[]): string => lines.map((line) => `${JSON.stringify(line)}\n`).join('');
