import { invalid } from '@faultline/kernel';
import { DateTime, IANAZone } from 'luxon';

/** A query as it came: each parameter once, or as a list where it was given several times. Plain data. */
export type Query = Readonly<Record<string, string | readonly string[] | undefined>>;

const instantPattern = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}(:?\d{2})?))?$/;
const zonePattern = /^[A-Za-z]/;

/**
 * Reads the parameters of a query one by one and knows which were asked for. Every refusal is an `invalid` DomainError whose
 * `pointer` is the parameter after a question mark, as in `?groupBy`.
 */
export class QueryReader {
  private readonly read = new Set<string>();

  constructor(private readonly query: Query) {}

  /** Everything that was given for a parameter. */
  all(name: string): readonly string[] {
    this.read.add(name);
    const value = this.query[name];
    return value === undefined ? [] : typeof value === 'string' ? [value] : value;
  }

  /** The parameter's only value. */
  one(name: string): string | undefined {
    const values = this.all(name);
    if (values.length > 1) throw refused(name, `${name} may be given once only`);
    return values[0];
  }

  /** One of a closed set of values. */
  choice<Value extends string>(name: string, values: readonly Value[]): Value | undefined {
    const text = this.one(name);
    return text === undefined ? undefined : oneOf(name, text, values);
  }

  /** Milliseconds since the epoch, from ISO 8601 with an offset or Z; a date alone is its midnight in UTC. */
  instant(name: string): number | undefined {
    const text = this.one(name);
    if (text === undefined) return undefined;
    const instant = DateTime.fromISO(text, { zone: 'utc' });
    if (instantPattern.test(text) && instant.isValid) return instant.toMillis();
    throw refused(name, `${name} must be an instant such as 2016-05-04T10:00:00Z`);
  }

  /** An IANA time zone; UTC where none is given. */
  zone(name: string): string {
    const text = this.one(name) ?? 'UTC';
    if (zonePattern.test(text) && IANAZone.isValidZone(text)) return text;
    throw refused(name, `${name} must be an IANA time zone such as Europe/Paris`);
  }

  /** A whole number within bounds. */
  whole(name: string, { least, most }: { readonly least: number; readonly most: number }): number | undefined {
    const text = this.one(name);
    if (text === undefined) return undefined;
    const value = Number(text);
    if (/^\d{1,9}$/.test(text) && value >= least && value <= most) return value;
    throw refused(name, `${name} must be a whole number from ${least} to ${most}`);
  }

  /** Refuses the first parameter that nobody asked for. */
  refuseOthers(): void {
    const other = Object.keys(this.query).find((name) => this.query[name] !== undefined && !this.read.has(name));
    if (other === undefined) return;
    throw invalid('report.unknown-parameter', `There is no parameter ${other} here`, { pointer: `?${other}` });
  }
}

/** The refusal of a parameter's value. */
export const refused = (name: string, message: string) =>
  invalid('report.invalid-parameter', message, { pointer: `?${name}` });

/** The text as one of the values; refused if it is none of them. */
export function oneOf<Value extends string>(name: string, text: string, values: readonly Value[]): Value {
  const value = values.find((candidate) => candidate === text);
  if (value !== undefined) return value;
  throw refused(name, `${name} must be one of ${values.join(', ')}`);
}
