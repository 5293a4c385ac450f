import { grown } from './code-column';

const emptySlot = 0;

/**
 * Ids in the order of their first appearance, found again by hash: their bytes side by side instead of a million strings on the
 * heap, which every garbage collection would have to go through.
 */
export class IdList {
  private bytes = Buffer.alloc(0);
  /** Where each id begins; one more entry than there are ids. */
  private starts = new Uint32Array(1);
  /** Open addressing: the ordinal plus 1, in the first free slot from the hash on. */
  private slots = new Uint32Array(1_024);
  private count = 0;

  get size(): number {
    return this.count;
  }

  at(ordinal: number): string {
    return this.bytes.toString('utf8', this.starts[ordinal], this.starts[ordinal + 1]);
  }

  /** The ordinal of an id, if it is in the list. */
  find(id: string): number | undefined {
    const entry = this.slots[this.slotOf(Buffer.from(id))];
    return entry === emptySlot || entry === undefined ? undefined : entry - 1;
  }

  /** Puts an id that is not in the list at its end; answers its ordinal. */
  add(id: string): number {
    if (this.count * 2 >= this.slots.length) this.rehash();
    const text = Buffer.from(id);
    const ordinal = this.count;
    const start = this.starts[ordinal] as number;
    const end = start + text.length;
    this.slots[this.slotOf(text)] = ordinal + 1;
    if (end > this.bytes.length) this.bytes = Buffer.concat([this.bytes], Math.max(end, Math.ceil(end * 1.25), 4_096));
    text.copy(this.bytes, start);
    this.starts = grown(this.starts, ordinal + 2);
    this.starts[ordinal + 1] = end;
    this.count = ordinal + 1;
    return ordinal;
  }

  /** The slot that holds the id, or the free one where it belongs. */
  private slotOf(text: Buffer): number {
    const mask = this.slots.length - 1;
    for (let slot = hashOf(text, 0, text.length) & mask; ; slot = (slot + 1) & mask) {
      const entry = this.slots[slot] as number;
      if (entry === emptySlot || this.holds(entry - 1, text)) return slot;
    }
  }

  private holds(ordinal: number, text: Buffer): boolean {
    const start = this.starts[ordinal] as number;
    const end = this.starts[ordinal + 1] as number;
    return end - start === text.length && text.compare(this.bytes, start, end) === 0;
  }

  private rehash(): void {
    this.slots = new Uint32Array(this.slots.length * 2);
    const mask = this.slots.length - 1;
    for (let ordinal = 0; ordinal < this.count; ordinal += 1) {
      let slot = hashOf(this.bytes, this.starts[ordinal] as number, this.starts[ordinal + 1] as number) & mask;
      while (this.slots[slot] !== emptySlot) slot = (slot + 1) & mask;
      this.slots[slot] = ordinal + 1;
    }
  }
}

/** FNV-1a, 32 bits, its upper half folded into the lower. */
function hashOf(bytes: Buffer, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let index = start; index < end; index += 1) hash = Math.imul(hash ^ (bytes[index] as number), 0x01000193);
  return hash ^ (hash >>> 15);
}
