import { type RecordedEvent } from '@faultline/kernel';
import * as fc from 'fast-check';
import { type Query } from './query-reader';
import { ReportService } from './report.service';
import { groupDimensions } from './reports/grouping';
import { MemoryTimelines } from './testing/memory-timelines';
import { NaiveReports } from './testing/naive-reports';
import { anyInstant, anyLog, anyScope, epoch } from './testing/random-log';
import { type BacklogAnswer, type FlowAnswer, type SlaAnswer, type TrendsAnswer } from './index';

const now = epoch + 25 * 86_400_000;

type Scene = { readonly service: ReportService; readonly naive: NaiveReports };

/** A service that saw the log in two halves, asked once in between, so that it has had to take in longer timelines. */
async function sceneOf(log: readonly RecordedEvent[]): Promise<Scene> {
  const timelines = new MemoryTimelines();
  const service = new ReportService(timelines);
  const half = Math.floor(log.length / 2);
  timelines.feed(log.slice(0, half));
  await service.warmUp();
  timelines.feed(log.slice(half));
  return { service, naive: new NaiveReports(log, now) };
}

/** The ids on all pages, in the order of the pages. */
async function allIds({ service }: Scene, name: string, query: Query): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | null = null;
  do {
    const page = await service.incidents(name, { ...query, limit: '3', ...(cursor !== null && { cursor }) }, now);
    ids.push(...page.ids);
    cursor = page.nextCursor;
  } while (cursor !== null);
  expect(new Set(ids).size).toBe(ids.length);
  return ids;
}

const count = async (scene: Scene, name: string, query: Query): Promise<number> =>
  (await allIds(scene, name, query)).length;

const keyed = (key: string | null): string => key ?? '';

const check = (property: (scene: Scene, query: Query) => Promise<void>, numRuns = 150) =>
  fc.assert(
    fc.asyncProperty(anyLog, anyScope, async (log, query) => {
      await property(await sceneOf(log), query);
    }),
    { numRuns },
  );

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe('reports over any log, against figures worked out from the raw events', () => {
  it.each(groupDimensions)('volume by %s', (groupBy) =>
    check(async (scene, query) => {
      const asked = { ...query, groupBy };
      const answer = await scene.service.run('volume', asked, now);
      const expected = scene.naive.volume(query, groupBy);
      const asOf = query['asOf'];
      expect(answer).toMatchObject({ ...expected, ...(asOf !== undefined && { asOf }) });
      expect(await count(scene, 'volume', asked)).toBe(expected.total);
      for (const { key, count: number } of expected.groups) {
        expect(await count(scene, 'volume', { ...asked, key: keyed(key) })).toBe(number);
      }
    }, 60),
  );

  it.each(['priority', 'team', 'service', 'tier', 'agreement'])('service levels of imports by %s', (groupBy) =>
    check(async (scene, query) => {
      const asked = { ...query, groupBy, source: 'imported' };
      const answer = (await scene.service.run('sla', asked, now)) as SlaAnswer;
      expect(answer).toEqual(scene.naive.sla(query, groupBy));
      for (const { key, ...numbers } of answer.groups) {
        const behind = { ...asked, key: keyed(key) };
        expect(await count(scene, 'sla', behind)).toBe(numbers.total);
        for (const outcome of ['met', 'breached', 'pending'] as const) {
          expect(await count(scene, 'sla', { ...behind, outcome })).toBe(numbers[outcome]);
        }
      }
    }, 80),
  );

  it.each(groupDimensions)('resolution and acknowledgement time by %s', (groupBy) =>
    check(async (scene, query) => {
      for (const name of ['resolution-time', 'acknowledgement-time'] as const) {
        const asked = { ...query, groupBy };
        const expected =
          name === 'resolution-time'
            ? scene.naive.resolutionTime(query, groupBy)
            : scene.naive.acknowledgementTime(query, groupBy);
        expect(await scene.service.run(name, asked, now)).toEqual(expected);
        for (const { key, count: number } of expected.groups) {
          expect(await count(scene, name, { ...asked, key: keyed(key) })).toBe(number);
        }
      }
    }, 60),
  );

  it('backlog and its age at an instant', () =>
    fc.assert(
      fc.asyncProperty(anyLog, anyScope, fc.option(anyInstant, { nil: undefined }), async (log, query, at) => {
        const scene = await sceneOf(log);
        const { from: _from, to: _to, ...unbounded } = query;
        const backlog = scene.naive.backlog(unbounded, at);
        expect(await scene.service.run('backlog', { ...unbounded, at }, now)).toEqual(backlog);
        expect(await count(scene, 'backlog', { ...unbounded, at })).toBe(backlog.open);
        const age = scene.naive.backlogAge(query, at);
        expect(await scene.service.run('backlog-age', { ...query, at }, now)).toEqual(age);
        for (const { key, count: number } of age.groups) {
          expect(await count(scene, 'backlog-age', { ...query, at, key })).toBe(number);
        }
      }),
      { numRuns: 150 },
    ));

  it.each(['hour', 'day', 'week', 'month'] as const)('backlog by %s', (bucket) =>
    fc.assert(
      fc.asyncProperty(
        anyLog,
        anyScope,
        anyInstant,
        fc.integer({ min: 0, max: 60 }),
        async (log, query, from, length) => {
          const scene = await sceneOf(log);
          const hours = { hour: 1, day: 24, week: 24 * 5, month: 24 * 20 }[bucket] * length;
          const to = new Date(Date.parse(from) + hours * 3_600_000).toISOString();
          const asked = { ...query, from, to };
          const answer = (await scene.service.run('backlog', { ...asked, bucket }, now)) as BacklogAnswer;
          expect(answer).toEqual(scene.naive.backlogSeries(asked, bucket));
          const { at, open } = ('series' in answer ? answer.series.at(-1) : answer) ?? { at: from, open: undefined };
          if (open !== undefined) expect(await count(scene, 'backlog', { ...asked, bucket, at })).toBe(open);
        },
      ),
      { numRuns: 60 },
    ),
  );

  it('workload', () =>
    check(async (scene, query) => {
      const expected = scene.naive.workload(query);
      expect(await scene.service.run('workload', query, now)).toEqual(expected);
      const { agent: _agent, 'not.agent': _notAgent, ...others } = query;
      for (const { team, agent, open } of scene.naive.workload(others).groups) {
        const behind = { ...others, key: keyed(team), agent: agent ?? 'null' };
        expect(await count(scene, 'workload', behind)).toBe(open);
      }
    }));

  it.each(['category', 'service', 'symptom', 'location', 'asset'])('trends by %s', (dimension) =>
    check(async (scene, query) => {
      for (const bucket of ['day', 'week', 'month'] as const) {
        const asked = { ...query, dimension };
        const answer = (await scene.service.run('trends', { ...asked, bucket }, now)) as TrendsAnswer;
        expect(answer).toEqual(scene.naive.trends(query, dimension, bucket));
        for (const { bucket: label, key, count: number } of answer.series.slice(0, 5)) {
          expect(await count(scene, 'trends', { ...asked, bucket: [bucket, label], key: keyed(key) })).toBe(number);
          expect(await count(scene, 'trends', { ...asked, bucket: label, key: keyed(key) })).toBe(number);
        }
      }
    }, 40),
  );

  it('flow', () =>
    check(async (scene, query) => {
      const answer = (await scene.service.run('flow', query, now)) as FlowAnswer;
      expect(answer).toEqual(scene.naive.flow(query));
      const resolved = await count(scene, 'flow', { ...query, key: 'firstTierResolved' });
      expect(resolved).toBe(answer.firstTierResolved);
      for (const measure of ['reassignments', 'reopens', 'escalations', 'deescalations', 'holds']) {
        const ids = await allIds(scene, 'flow', { ...query, key: measure });
        expect(ids.sort()).toEqual(scene.naive.withMove(query, measure).sort());
      }
    }));

  it('tier paths', () =>
    check(async (scene, query) => {
      const expected = scene.naive.tierPaths(query);
      expect(await scene.service.run('tier-paths', query, now)).toEqual(expected);
      for (const { path, count: number } of expected.paths) {
        expect(await count(scene, 'tier-paths', { ...query, key: path })).toBe(number);
      }
    }));

  it('lists of incidents, both ways round', () =>
    check(async ({ service, naive }, query) => {
      const pages = async (sort: string): Promise<string[]> => {
        const ids: string[] = [];
        let cursor: string | null = null;
        do {
          const page = await service.list({ ...query, sort, limit: '2', ...(cursor !== null && { cursor }) });
          ids.push(...page.ids);
          cursor = page.nextCursor;
        } while (cursor !== null);
        return ids;
      };
      expect(await pages('loggedAt')).toEqual(naive.list(query));
      expect(await pages('-loggedAt')).toEqual(naive.list(query).reverse());
    }));

  it('answers with plain data', () =>
    check(async ({ service }, query) => {
      for (const name of ['volume', 'resolution-time', 'backlog-age', 'workload', 'trends', 'flow', 'tier-paths']) {
        const answer = await service.run(name, query, now);
        expect(structuredClone(answer)).toEqual(answer);
        expect(plain(answer)).toEqual(answer);
      }
    }, 20));
});
