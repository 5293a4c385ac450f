/** Strings as small integers, in the order of their first appearance; 0 is null, the unknown. */
export class Dictionary {
  private readonly codes = new Map<string, number>();
  private readonly values: (string | null)[] = [null];

  constructor(known: readonly string[] = []) {
    for (const value of known) this.codeOf(value);
  }

  /** How many codes there are, that of null included. */
  get size(): number {
    return this.values.length;
  }

  /** The code of a value, given to it now if it has none: by a copy, for a slice would keep the page that it was read from. */
  codeOf(value: string | null): number {
    if (value === null) return 0;
    const known = this.codes.get(value);
    if (known !== undefined) return known;
    const own = Buffer.from(value).toString();
    const code = this.values.push(own) - 1;
    this.codes.set(own, code);
    return code;
  }

  /** The code of a value, if it ever occurred. */
  find(value: string | null): number | undefined {
    return value === null ? 0 : this.codes.get(value);
  }

  valueOf(code: number): string | null {
    return this.values[code] ?? null;
  }
}

/** Codes in the narrowest integers that hold them. */
export type Codes = Uint8Array | Uint16Array | Uint32Array;

const widen = (codes: Codes): Codes =>
  codes instanceof Uint8Array ? new Uint16Array(codes) : codes instanceof Uint16Array ? new Uint32Array(codes) : codes;

const limitOf = (codes: Codes): number => 2 ** (8 * codes.BYTES_PER_ELEMENT) - 1;

/** A growing column of dictionary codes, which widens as its dictionary grows: most columns stay at one or two bytes a row. */
export class CodeColumn {
  codes: Codes = new Uint8Array(0);

  constructor(readonly dictionary: Dictionary = new Dictionary()) {}

  reserve(capacity: number): void {
    this.codes = grown(this.codes, capacity);
  }

  set(index: number, code: number): void {
    while (code > limitOf(this.codes)) this.codes = widen(this.codes);
    this.codes[index] = code;
  }
}

/** The array with room for `capacity` elements: itself, or a copy with a quarter to spare, so that growing stays linear. */
export function grown<Numbers extends Codes | Float64Array>(numbers: Numbers, capacity: number): Numbers {
  if (capacity <= numbers.length) return numbers;
  const length = Math.max(capacity, Math.ceil(numbers.length * 1.25), 1_024);
  const larger = new (numbers.constructor as new (length: number) => Numbers)(length);
  larger.set(numbers);
  return larger;
}
