import { IANAZone } from 'luxon';

/** The units of buckets. */
export const bucketUnits = ['hour', 'day', 'week', 'month'] as const;
export type BucketUnit = (typeof bucketUnits)[number];

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** A calendar in an IANA zone, with days as their midnight were it UTC (ms): plain arithmetic goes from day to day. */
export class Calendar {
  private readonly zone: IANAZone | null;
  private readonly midnights = new Map<number, number>();

  constructor(timeZone: string) {
    this.zone = timeZone === 'UTC' ? null : IANAZone.create(timeZone);
  }

  /** The local date of an instant. */
  dateOf(instant: number): number {
    return floorTo(dayMs, instant + this.offset(instant));
  }

  /** The first instant of a local date: its midnight, the earlier one where it comes twice, or the end of the gap that swallowed it. */
  startOf(date: number): number {
    const before = this.offset(date - dayMs);
    const after = this.offset(date + dayMs);
    const earliest = date - Math.max(before, after);
    if (before === after || this.dateOf(earliest) === date) return earliest;
    let early = earliest;
    let late = date - Math.min(before, after);
    while (late - early > 1) {
      const middle = Math.floor((early + late) / 2);
      if (this.dateOf(middle) >= date) late = middle;
      else early = middle;
    }
    return late;
  }

  /** The bucket starts T with `from` ≤ T ≤ `to`, at most `most` + 1 of them. */
  starts(unit: BucketUnit, { from, to, most }: { readonly from: number; readonly to: number; readonly most: number }) {
    const starts: number[] = [];
    if (unit === 'hour') {
      for (let hour = this.fullHour(from); hour <= to && starts.length <= most; hour = this.fullHour(hour + hourMs)) {
        starts.push(hour);
      }
      return starts;
    }
    let date = bucketOf(unit, this.dateOf(from));
    for (let start = this.startOf(date); start <= to && starts.length <= most; start = this.startOf(date)) {
      if (start >= from) starts.push(start);
      date = nextBucket(unit, date);
    }
    return starts;
  }

  /** The first instant at or after `instant` at which the local clock shows a full hour. */
  private fullHour(instant: number): number {
    const past = (instant + this.offset(instant)) % hourMs;
    const next = past === 0 ? instant : instant - past + (past > 0 ? hourMs : 0);
    return (next + this.offset(next)) % hourMs === 0 ? next : this.fullHour(next);
  }

  /** The zone's offset, ms. Asked of the zone once a day: between two midnights (UTC) with the same offset it never changes. */
  private offset(instant: number): number {
    if (this.zone === null) return 0;
    const midnight = floorTo(dayMs, instant);
    const offset = this.atMidnight(midnight);
    return offset === this.atMidnight(midnight + dayMs) ? offset : this.exact(instant);
  }

  private atMidnight(midnight: number): number {
    const known = this.midnights.get(midnight);
    if (known !== undefined) return known;
    const offset = this.exact(midnight);
    this.midnights.set(midnight, offset);
    return offset;
  }

  private exact(instant: number): number {
    return this.zone === null ? 0 : Math.round(this.zone.offset(instant) * 60_000);
  }
}

const floorTo = (unit: number, value: number): number => Math.floor(value / unit) * unit;

/** The first date of the day, week (Monday) or month that a date is in. */
export function bucketOf(unit: Exclude<BucketUnit, 'hour'>, date: number): number {
  if (unit === 'day') return date;
  const day = new Date(date);
  if (unit === 'week') return date - ((day.getUTCDay() + 6) % 7) * dayMs;
  return Date.UTC(day.getUTCFullYear(), day.getUTCMonth(), 1);
}

/** The first date of the bucket that follows the one that begins at `date`. */
export function nextBucket(unit: Exclude<BucketUnit, 'hour'>, date: number): number {
  if (unit !== 'month') return date + (unit === 'week' ? 7 : 1) * dayMs;
  const day = new Date(date);
  return Date.UTC(day.getUTCFullYear(), day.getUTCMonth() + 1, 1);
}

/** `2016-05-04`, `2016-W18` (ISO 8601 weeks: the year is that of the week's Thursday) or `2016-05`. */
export function bucketLabel(unit: Exclude<BucketUnit, 'hour'>, date: number): string {
  const text = new Date(date).toISOString();
  if (unit !== 'week') return text.slice(0, unit === 'day' ? 10 : 7);
  const thursday = new Date(date + 3 * dayMs);
  const year = thursday.getUTCFullYear();
  const week = Math.floor((thursday.getTime() - Date.UTC(year, 0, 1)) / (7 * dayMs)) + 1;
  return `${year}-W${String(week).padStart(2, '0')}`;
}

/** Finds the bucket of an instant fast: `starts` ascending, each bucket reaching to the next start. */
export function bucketFinder(starts: readonly number[]): (instant: number) => number {
  const scale = Float64Array.from(starts);
  const last = scale.length - 1;
  const origin = scale[0] ?? 0;
  const mean = last > 0 ? ((scale[last] as number) - origin) / last : 1;
  return (instant) => {
    let index = Math.min(last, Math.max(0, Math.floor((instant - origin) / mean)));
    while (index < last && instant >= (scale[index + 1] as number)) index += 1;
    while (index > 0 && instant < (scale[index] as number)) index -= 1;
    return index;
  };
}
