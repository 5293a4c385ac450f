/** Reads a sequence of chunks by numbers of bytes. */
export class ByteReader {
  private readonly source: AsyncIterator<Uint8Array>;
  private chunks: Uint8Array[] = [];
  private held = 0;
  private ended = false;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.source = source[Symbol.asyncIterator]();
  }

  /** The next bytes, fewer where the sequence ends before. Throws what the sequence throws. */
  async read(bytes: number): Promise<Buffer> {
    await this.fill(bytes);
    const all = joined(this.chunks);
    const taken = all.subarray(0, bytes);
    this.chunks = all.length > bytes ? [all.subarray(bytes)] : [];
    this.held = all.length - taken.length;
    return taken;
  }

  /** Whether nothing is left. */
  async atEnd(): Promise<boolean> {
    await this.fill(1);
    return this.held === 0;
  }

  /** Lets go of a sequence that was not read to its end. */
  async close(): Promise<void> {
    if (!this.ended) await this.source.return?.();
  }

  private async fill(bytes: number): Promise<void> {
    while (this.held < bytes && !this.ended) {
      const next = await this.source.next();
      if (next.done === true) {
        this.ended = true;
        return;
      }
      this.chunks.push(next.value);
      this.held += next.value.byteLength;
    }
  }
}

/** A single chunk is not copied: a long one is read a little at a time. */
function joined(chunks: readonly Uint8Array[]): Buffer {
  const [only] = chunks;
  if (chunks.length !== 1 || !only) return Buffer.concat(chunks);
  return Buffer.from(only.buffer, only.byteOffset, only.byteLength);
}
