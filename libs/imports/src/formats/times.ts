import { type LocalTimes } from './local-times';

const dayFirst = /^(\d{1,2})([/-])(\d{1,2})\2(\d{4}) (\d{1,2}):(\d{2})$/;
const iso = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(?:(Z)|([+-])(\d\d):?(\d\d))?$/;

/** The wall-clock time of `29/2/2016 01:16` or `29-02-2016 01:16` (day first) as ms since 1970-01-01T00:00; null if it is none. */
export function parseDayFirst(text: string): number | null {
  const match = dayFirst.exec(text);
  if (!match) return null;
  const [, days, , months, years, hours, minutes] = match;
  return wallClock([Number(years), Number(months), Number(days)], [Number(hours), Number(minutes), 0]);
}

/** The instant of an ISO 8601 time, in ms since the epoch, one without an offset by the clocks of `times`; null if it is none. */
export function parseIso(text: string, times: LocalTimes): number | null {
  const match = iso.exec(text);
  if (!match) return null;
  const [
    ,
    years,
    months,
    days,
    hours,
    minutes,
    seconds = '0',
    fraction = '',
    utc,
    sign,
    offsetHours = '0',
    offsetMinutes = '0',
  ] = match;
  const time = wallClock(
    [Number(years), Number(months), Number(days)],
    [Number(hours), Number(minutes), Number(seconds)],
  );
  if (time === null || Number(offsetHours) > 23 || Number(offsetMinutes) > 59) return null;
  const offset = (Number(offsetHours) * 60 + Number(offsetMinutes)) * 60_000;
  const local = time + Number(fraction.padEnd(3, '0').slice(0, 3));
  if (utc === undefined && sign === undefined) return times.instantOf(local);
  return local - (sign === '-' ? -offset : offset);
}

type Three = readonly [number, number, number];

function wallClock([year, month, day]: Three, [hours, minutes, seconds]: Three): number | null {
  if (month < 1 || month > 12 || day < 1 || hours > 23 || minutes > 59 || seconds > 59) return null;
  const date = new Date(Date.UTC(2000, month - 1, day, hours, minutes, seconds));
  const time = date.setUTCFullYear(year, month - 1, day);
  return date.getUTCDate() === day ? time : null;
}
