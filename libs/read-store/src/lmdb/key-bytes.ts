/** Type bytes of encoded values, in MongoDB's order of types. */
export const typeBytes = {
  emptyArray: 0x05,
  null: 0x10,
  number: 0x20,
  string: 0x30,
  object: 0x40,
  array: 0x50,
  boolean: 0x70,
  date: 0x80,
} as const;

/** What an empty array counts as where its elements are compared: less than null. */
export const emptyArray: readonly never[] = Object.freeze([]);

const float = new DataView(new ArrayBuffer(8));

/**
 * Writes values as bytes whose order is MongoDB's order of values (types first; strings by their UTF-8). No encoded value is a
 * prefix of another one, so that values can follow each other, and inverted bytes give the reversed order.
 */
export class KeyWriter {
  private buffer = Buffer.allocUnsafe(4096);
  private length = 0;

  /** What was written since the last reset, in a buffer of its own. */
  take(): Buffer {
    const copy = Buffer.allocUnsafe(this.length);
    this.buffer.copy(copy, 0, 0, this.length);
    return copy;
  }

  get position(): number {
    return this.length;
  }

  reset(): this {
    this.length = 0;
    return this;
  }

  byte(value: number): this {
    if (this.length >= this.buffer.length) this.grow(1);
    this.buffer[this.length++] = value;
    return this;
  }

  bytes(source: Uint8Array): this {
    this.grow(source.length);
    this.buffer.set(source, this.length);
    this.length += source.length;
    return this;
  }

  uint16(value: number): this {
    return this.byte(value >>> 8).byte(value & 0xff);
  }

  uint32(value: number): this {
    return this.uint16(value >>> 16).uint16(value & 0xffff);
  }

  /** A value of a document; an absent one counts as null. */
  value(value: unknown): this {
    switch (typeof value) {
      case 'string':
        return this.byte(typeBytes.string).text(value);
      case 'number':
      case 'bigint':
        return this.byte(typeBytes.number).number(Number(value));
      case 'boolean':
        return this.byte(typeBytes.boolean).byte(value ? 1 : 0);
      case 'object':
        return value === null ? this.byte(typeBytes.null) : this.object(value);
      default:
        return this.byte(typeBytes.null);
    }
  }

  /** Cuts what was written since `start` to `limit` bytes; true if that lost anything. */
  cut(start: number, limit: number): boolean {
    if (this.length - start <= limit) return false;
    this.length = start + limit;
    return true;
  }

  /** Inverts the bytes written since `start`: what compared less compares greater. */
  invert(start: number): this {
    for (let index = start; index < this.length; index += 1) this.buffer[index] = 0xff - (this.buffer[index] ?? 0);
    return this;
  }

  private object(value: object): this {
    if (value === emptyArray) return this.byte(typeBytes.emptyArray);
    if (value instanceof Date) return this.byte(typeBytes.date).number(value.getTime());
    if (Array.isArray(value)) {
      this.byte(typeBytes.array);
      for (const member of value as readonly unknown[]) this.value(member);
      return this.byte(0);
    }
    this.byte(typeBytes.object);
    for (const [key, member] of Object.entries(value) as [string, unknown][]) {
      if (member === undefined) continue;
      this.byte(typeByteOf(member)).text(key).value(member);
    }
    return this.byte(0);
  }

  private number(value: number): this {
    this.grow(8);
    if (Number.isNaN(value)) {
      this.buffer.fill(0, this.length, this.length + 8);
    } else {
      float.setFloat64(0, value === 0 ? 0 : value);
      const high = float.getUint32(0);
      const negative = high >= 0x80000000;
      this.buffer.writeUInt32BE(negative ? ~high >>> 0 : (high | 0x80000000) >>> 0, this.length);
      this.buffer.writeUInt32BE(negative ? ~float.getUint32(4) >>> 0 : float.getUint32(4), this.length + 4);
    }
    this.length += 8;
    return this;
  }

  private text(value: string): this {
    this.grow(value.length * 6 + 2);
    const { buffer } = this;
    let { length } = this;
    for (let index = 0; index < value.length; index += 1) {
      const code = value.charCodeAt(index);
      if (code >= 0x80) return this.unicode(value);
      buffer[length++] = code;
      if (code === 0) buffer[length++] = 0xff;
    }
    buffer[length++] = 0;
    buffer[length++] = 0;
    this.length = length;
    return this;
  }

  private unicode(value: string): this {
    for (const part of Buffer.from(value)) {
      this.buffer[this.length++] = part;
      if (part === 0) this.buffer[this.length++] = 0xff;
    }
    return this.byte(0).byte(0);
  }

  private grow(needed: number): void {
    if (this.length + needed <= this.buffer.length) return;
    const larger = Buffer.allocUnsafe(2 * (this.length + needed));
    this.buffer.copy(larger, 0, 0, this.length);
    this.buffer = larger;
  }
}

/** The byte that stands before a value of this type: what range comparisons must share. */
export function typeByteOf(value: unknown): number {
  if (typeof value === 'string') return typeBytes.string;
  if (typeof value === 'number' || typeof value === 'bigint') return typeBytes.number;
  if (typeof value === 'boolean') return typeBytes.boolean;
  if (value === null || typeof value !== 'object') return typeBytes.null;
  if (value instanceof Date) return typeBytes.date;
  return Array.isArray(value) ? typeBytes.array : typeBytes.object;
}

const shared = new KeyWriter();

/** The bytes of one value. */
export const encodeValue = (value: unknown): Buffer => shared.reset().value(value).take();
