import fc from 'fast-check';
import { DateTime } from 'luxon';
import { LocalTimes } from './local-times';

const local = (text: string) => Date.parse(`${text}Z`);
const instant = (zone: string, text: string) => new Date(new LocalTimes(zone).instantOf(local(text))).toISOString();

describe('local times of a zone', () => {
  it.each([
    ['UTC', '2016-02-29T01:16', '2016-02-29T01:16:00.000Z'],
    ['Europe/Berlin', '2016-02-29T01:16', '2016-02-29T00:16:00.000Z'],
    ['Europe/Berlin', '2016-07-01T01:16', '2016-06-30T23:16:00.000Z'],
    ['America/St_Johns', '2016-07-01T12:00', '2016-07-01T14:30:00.000Z'],
  ])('in %s, %s is %s', (zone, text, expected) => {
    expect(instant(zone, text)).toBe(expected);
  });

  it('a time that occurs twice is its first occurrence', () => {
    expect(instant('Europe/Berlin', '2016-10-30T02:30')).toBe('2016-10-30T00:30:00.000Z');
    expect(instant('Europe/Berlin', '2016-10-30T03:00')).toBe('2016-10-30T02:00:00.000Z');
    expect(instant('Australia/Lord_Howe', '2016-04-03T01:45')).toBe('2016-04-02T14:45:00.000Z');
  });

  it('a time that never occurs is the instant of the clock change', () => {
    for (const minute of ['02:00', '02:01', '02:30', '02:59', '03:00']) {
      expect(instant('Europe/Berlin', `2016-03-27T${minute}`)).toBe('2016-03-27T01:00:00.000Z');
    }
    expect(instant('Pacific/Apia', '2011-12-30T12:00')).toBe('2011-12-30T10:00:00.000Z');
  });

  it.each(['Mars/Phobos', '', '../etc'])('refuses the zone "%s"', (zone) => {
    expect(() => new LocalTimes(zone)).toThrow(
      expect.objectContaining({
        code: 'import.unknown-time-zone',
        fields: expect.objectContaining({ pointer: '?timeZone' }),
      }),
    );
  });

  it('gives back the wall-clock time of any instant, or its first occurrence', () => {
    const zones = fc.constantFrom(
      'Europe/Berlin',
      'America/New_York',
      'Asia/Kolkata',
      'Africa/Casablanca',
      'Pacific/Apia',
    );
    fc.assert(
      fc.property(zones, fc.integer({ min: 0, max: Date.UTC(2026, 0, 1) / 60_000 }), (zone, minutes) => {
        const at = minutes * 60_000;
        const wall = at + DateTime.fromMillis(at, { zone }).offset * 60_000;
        const found = new LocalTimes(zone).instantOf(wall);
        expect(found + DateTime.fromMillis(found, { zone }).offset * 60_000).toBe(wall);
        expect(found).toBeLessThanOrEqual(at);
      }),
    );
  });
});
