import { IANAZone } from 'luxon';
import { invalid } from '@faultline/kernel';

const hour = 3_600_000;
const day = 24 * hour;
/** No clock since 1970 has been further from UTC than this. */
const furthest = 15 * hour;
const keptDays = 40_000;

/**
 * Turns local wall-clock times of one IANA time zone into instants: a time that occurs twice is its first occurrence, one that never
 * occurs is the instant at which the clock was changed.
 */
export class LocalTimes {
  private readonly zone: IANAZone;
  /** The offset of each local day without a change of the clock near it. */
  private readonly steadyDays = new Map<number, number | null>();

  /** Throws `import.unknown-time-zone` unless `name` is in the time-zone database. */
  constructor(readonly name: string) {
    if (!IANAZone.isValidZone(name)) {
      throw invalid('import.unknown-time-zone', `There is no time zone ${JSON.stringify(name)}`, {
        pointer: '?timeZone',
      });
    }
    this.zone = IANAZone.create(name);
  }

  /** The instant of a wall-clock time, both in ms since 1970-01-01T00:00 of their own reckoning. */
  instantOf(local: number): number {
    const offset = this.steadyOffset(Math.floor(local / day));
    return offset === null ? this.nearChange(local) : local - offset;
  }

  private steadyOffset(dayNumber: number): number | null {
    const known = this.steadyDays.get(dayNumber);
    if (known !== undefined) return known;
    const before = this.offset(dayNumber * day - furthest);
    const after = this.offset((dayNumber + 1) * day + furthest);
    const offset = before === after ? before : null;
    if (this.steadyDays.size >= keptDays) this.steadyDays.clear();
    this.steadyDays.set(dayNumber, offset);
    return offset;
  }

  private nearChange(local: number): number {
    let before = local - furthest;
    let after = local + furthest;
    const first = local - this.offset(before);
    const second = local - this.offset(after);
    const candidates = [first, second].filter((instant) => instant + this.offset(instant) === local);
    if (candidates.length > 0) return Math.min(...candidates);
    while (after - before > 1) {
      const middle = Math.floor((before + after) / 2);
      if (middle + this.offset(middle) < local) before = middle;
      else after = middle;
    }
    return after;
  }

  private offset(instant: number): number {
    return Math.round(this.zone.offset(instant) * 60_000);
  }
}
