import { type RecordedEvent } from '@faultline/kernel';
import { DateTime } from 'luxon';
import { type Query } from '../query-reader';
import { type NaiveIncident, naiveIncidents, passes } from './naive-incidents';

/** The reports of a log, worked out anew for each question without any of the engine's means. */
export class NaiveReports {
  constructor(
    private readonly log: readonly RecordedEvent[],
    private readonly now: number,
  ) {}

  volume(query: Query, groupBy: string) {
    const incidents = this.logged(query);
    return {
      total: incidents.length,
      groups: grouped(incidents, (incident) => incident.values[groupBy] ?? null).map(([key, members]) => ({
        key,
        count: members.length,
      })),
    };
  }

  sla(query: Query, groupBy: string) {
    const incidents = this.asked(query).filter((incident) => {
      if (incident.importFormat !== 'servicenow-audit' || incident.values['state'] === 'cancelled') return false;
      const done = ['resolved', 'closed'].includes(incident.values['state'] ?? '');
      return within(query, done ? (incident.resolvedMoves.at(-1) ?? NaN) : (incident.breachedAt ?? incident.loggedAt));
    });
    const groups = grouped(incidents, (incident) => incident.values[groupBy] ?? null).map(([key, members]) => {
      const breached = members.filter((incident) => incident.breachedAt !== null).length;
      const met = members.filter(
        ({ breachedAt, values }) => breachedAt === null && ['resolved', 'closed'].includes(values['state'] ?? ''),
      ).length;
      const pending = members.length - breached - met;
      const attainment = met + breached > 0 ? met / (met + breached) : null;
      return { key, total: members.length, met, breached, pending, attainment };
    });
    return { groups };
  }

  resolutionTime(query: Query, groupBy: string) {
    return this.durations(query, groupBy, ({ values, resolvedMoves }) =>
      ['resolved', 'closed'].includes(values['state'] ?? '') ? (resolvedMoves.at(-1) ?? null) : null,
    );
  }

  acknowledgementTime(query: Query, groupBy: string) {
    return this.durations(query, groupBy, ({ acknowledgedAt }) => acknowledgedAt);
  }

  backlog(query: Query, at: string | undefined) {
    const time = at === undefined ? (instant(query, 'asOf') ?? this.now) : Date.parse(at);
    return { at: new Date(time).toISOString(), open: this.openAt(query, time).length };
  }

  backlogSeries(query: Query, unit: 'hour' | 'day' | 'week' | 'month') {
    const [from, to] = [instant(query, 'from') ?? 0, instant(query, 'to') ?? 0];
    const series: { at: string; open: number }[] = [];
    let start = DateTime.fromMillis(from, { zone: zoneOf(query) }).startOf(unit);
    while (start.toMillis() <= to) {
      const at = start.toMillis();
      if (at >= from) series.push({ at: new Date(at).toISOString(), open: this.openAt(query, at).length });
      start = unit === 'hour' ? start.plus({ hours: 1 }) : start.plus({ [unit]: 1 }).startOf(unit);
    }
    return { series };
  }

  backlogAge(query: Query, at: string | undefined) {
    const time = at === undefined ? (instant(query, 'asOf') ?? this.now) : Date.parse(at);
    const ages = this.openAt(query, time)
      .filter((incident) => within(query, incident.loggedAt))
      .map((incident) => (time - incident.loggedAt) / 86_400_000);
    const count = (least: number, below: number) => ages.filter((age) => age >= least && age < below).length;
    const groups = [
      { key: '0-1d', count: count(0, 1) },
      { key: '1-3d', count: count(1, 3) },
      { key: '3-7d', count: count(3, 7) },
      { key: '7-30d', count: count(7, 30) },
      { key: '30d+', count: count(30, Infinity) },
    ];
    return { at: new Date(time).toISOString(), groups };
  }

  workload(query: Query) {
    const open = this.logged(query).filter(({ values }) => values['open'] === 'true');
    const groups = grouped(open, ({ values }) => values['team'] ?? null).flatMap(([team, members]) =>
      grouped(members, ({ values }) => values['agent'] ?? null).map(([agent, theirs]) => ({
        team,
        agent,
        open: theirs.length,
        onHold: theirs.filter(({ values }) => values['state'] === 'on_hold').length,
      })),
    );
    return { groups };
  }

  trends(query: Query, dimension: string, unit: 'day' | 'week' | 'month') {
    const format = { day: 'yyyy-MM-dd', week: "kkkk-'W'WW", month: 'yyyy-MM' }[unit];
    const bucketOf = ({ loggedAt }: NaiveIncident) =>
      DateTime.fromMillis(loggedAt, { zone: zoneOf(query) }).toFormat(format);
    const series = grouped(this.logged(query), bucketOf).flatMap(([bucket, members]) => {
      const entries = members.map((incident) => ({
        key: (dimension === 'asset' ? incident.assets.at(-1) : incident.known[dimension]) ?? null,
      }));
      return grouped(entries, ({ key }) => key).map(([key, list]) => ({ bucket, key, count: list.length }));
    });
    return { series };
  }

  flow(query: Query) {
    const incidents = this.asked(query);
    const moves = incidents.flatMap((incident) => incident.moves).filter(({ at }) => within(query, at));
    const count = (measure: string) => moves.filter((move) => move.measure === measure).length;
    const holds = moves.filter(({ measure }) => measure === 'holds');
    return {
      reassignments: count('reassignments'),
      reopens: count('reopens'),
      escalations: count('escalations'),
      deescalations: count('deescalations'),
      firstTierResolved: incidents.filter(
        ({ values, path, resolvedMoves }) =>
          ['resolved', 'closed'].includes(values['state'] ?? '') &&
          path === '1' &&
          within(query, resolvedMoves.at(-1) ?? NaN),
      ).length,
      holds: grouped(holds, ({ reason }) => reason).map(([reason, list]) => ({ reason, count: list.length })),
    };
  }

  tierPaths(query: Query) {
    const paths = grouped(
      this.logged(query).filter(({ path }) => path !== ''),
      ({ path }) => path,
    ).map(([path, members]) => ({ path, count: members.length }));
    return { paths: paths.sort((a, b) => b.count - a.count) };
  }

  /** Ids of those logged within `from` and `to`, by time of logging, then id. */
  list(query: Query): string[] {
    return this.logged(query)
      .sort((a, b) => a.loggedAt - b.loggedAt || (a.id < b.id ? -1 : 1))
      .map(({ id }) => id);
  }

  /** Ids of those with at least one such move, in no order. */
  withMove(query: Query, measure: string): string[] {
    return this.asked(query)
      .filter(({ moves }) => moves.some((move) => move.measure === measure && within(query, move.at)))
      .map(({ id }) => id);
  }

  private asked(query: Query): NaiveIncident[] {
    return naiveIncidents(this.log, instant(query, 'asOf') ?? Infinity).filter((incident) => passes(incident, query));
  }

  private logged(query: Query): NaiveIncident[] {
    return this.asked(query).filter((incident) => within(query, incident.loggedAt));
  }

  private openAt(query: Query, at: number): NaiveIncident[] {
    return naiveIncidents(this.log, Math.min(at, instant(query, 'asOf') ?? Infinity)).filter(
      (incident) => passes(incident, query) && incident.values['open'] === 'true',
    );
  }

  private durations(query: Query, groupBy: string, endOf: (incident: NaiveIncident) => number | null) {
    const ended = this.asked(query).filter((incident) => within(query, endOf(incident) ?? NaN));
    const groups = grouped(ended, ({ values }) => values[groupBy] ?? null).map(([key, members]) => {
      const seconds = members
        .map((incident) => ((endOf(incident) ?? NaN) - incident.loggedAt) / 1_000)
        .sort((a, b) => a - b);
      const n = seconds.length;
      const rank = (percent: number) => seconds[Math.ceil((percent * n) / 100) - 1];
      const meanSeconds = seconds.reduce((sum, next) => sum + next, 0) / n;
      return { key, count: n, meanSeconds, p50Seconds: rank(50), p90Seconds: rank(90), p95Seconds: rank(95) };
    });
    return { groups };
  }
}

const instant = (query: Query, name: string): number | undefined => {
  const value = query[name];
  return typeof value === 'string' ? Date.parse(value) : undefined;
};

const zoneOf = ({ timeZone }: Query): string => (typeof timeZone === 'string' ? timeZone : 'UTC');

const within = (query: Query, at: number): boolean =>
  at >= (instant(query, 'from') ?? -Infinity) && at < (instant(query, 'to') ?? Infinity);

/** Members by key, keys ascending, null last. */
function grouped<Member, Key extends string | null>(
  members: readonly Member[],
  keyOf: (member: Member) => Key,
): [Key, Member[]][] {
  const groups = new Map<Key, Member[]>();
  for (const member of members) groups.set(keyOf(member), [...(groups.get(keyOf(member)) ?? []), member]);
  return [...groups].sort(([one], [other]) => (one === null ? 1 : other === null ? -1 : one < other ? -1 : 1));
}
