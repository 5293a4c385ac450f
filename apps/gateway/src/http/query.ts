import { type DomainError, invalid } from '@faultline/kernel';
import { isInstant } from './fields';

/** Query parameters as Fastify parses them. */
export type RawQuery = Readonly<Record<string, string | string[] | undefined>>;

/** Reads query parameters: what is unknown, repeated or malformed is refused by name. */
export class QueryReader {
  constructor(
    private readonly raw: RawQuery,
    allowed: readonly string[],
  ) {
    const known = new Set([...allowed, 'after']);
    const unknown = Object.keys(raw).filter((name) => !known.has(name));
    if (unknown.length === 0) return;
    const errors = unknown.map((name) => ({ pointer: `?${name}`, detail: 'is not a parameter of this request' }));
    throw invalid('request.unknown-parameter', `Unknown query parameter: ${unknown.join(', ')}`, { errors });
  }

  /** One value, undefined if absent. */
  one(name: string): string | undefined {
    const value = this.raw[name];
    if (Array.isArray(value)) throw this.fault(name, 'may be given once');
    return value;
  }

  oneOf<Value extends string>(name: string, values: readonly Value[]): Value | undefined {
    const value = this.one(name);
    if (value === undefined) return undefined;
    const found = values.find((candidate) => candidate === value);
    if (found === undefined) throw this.fault(name, `takes one of ${values.join(', ')}`);
    return found;
  }

  integer(name: string, { min, max }: { min: number; max: number }): number | undefined {
    const value = this.one(name);
    if (value === undefined) return undefined;
    const number = /^\d{1,15}$/.test(value) ? Number(value) : NaN;
    if (!(number >= min && number <= max)) throw this.fault(name, `takes a whole number from ${min} to ${max}`);
    return number;
  }

  /** An instant, brought to UTC with milliseconds. */
  instant(name: string): string | undefined {
    const value = this.one(name);
    if (value === undefined) return undefined;
    if (!isInstant(value)) throw this.fault(name, 'takes an instant in ISO 8601 with an offset');
    return new Date(value).toISOString();
  }

  /** How many items a page holds. */
  limit(): number {
    return this.integer('limit', { min: 1, max: 200 }) ?? 50;
  }

  private fault(name: string, detail: string): DomainError {
    return invalid('request.invalid', `${name} ${detail}`, { pointer: `?${name}` });
  }
}

/** An opaque cursor that carries `value`. */
export const encodeCursor = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** What a cursor of ours carries. Throws `request.cursor` for any other text. */
export function decodeCursor(cursor: string | undefined): unknown {
  if (cursor === undefined) return undefined;
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    throw badCursor();
  }
}

/** A cursor that this listing did not give out. */
export const badCursor = (): DomainError =>
  invalid('request.cursor', 'This cursor was not given out by this listing', { pointer: '?cursor' });
