import { toInstant } from '@faultline/kernel';
import { loggedAt } from '../engine/moments';
import { narrowed, type Selection } from '../engine/selection';
import { type QueryReader } from '../query-reader';
import { commonParameters, type Report, type Scene } from '../report';
import { readScope, type Scope, within } from '../report.params';
import { instantOf, openAt } from './backlog.report';

const dayMs = 86_400_000;
const ages = [
  { key: '0-1d', days: 0 },
  { key: '1-3d', days: 1 },
  { key: '3-7d', days: 3 },
  { key: '7-30d', days: 7 },
  { key: '30d+', days: 30 },
] as const;
const ageKeys = ages.map(({ key }) => key);

/** All five ages in ascending order, also those without an incident. */
export type BacklogAgeAnswer = {
  readonly at: string;
  readonly groups: readonly { readonly key: (typeof ages)[number]['key']; readonly count: number }[];
};

const ageOf = (age: number): number => ages.findLastIndex(({ days }) => age >= days * dayMs);

const readParams = (query: QueryReader) => ({ scope: readScope(query), at: query.instant('at') });

const openLoggedWithin = (scene: Scene, scope: Scope, at: number): Selection =>
  narrowed(openAt(scene, scope, at), (incident) => within(scope, loggedAt(scene.table, incident)));

/** How long what is open has been so. */
export const backlogAgeReport: Report = {
  entry: {
    name: 'backlog-age',
    title: 'Age of the backlog',
    definition: 'Incidents that are open at T, by T less the time of logging; a lower bound belongs to its group.',
    unit: 'incidents',
    timeBasis: 'logged',
    parameters: [{ name: 'at', description: 'The instant T; by default asOf, else now' }, ...commonParameters],
  },
  answer: (query) => {
    const { scope, at } = readParams(query);
    return (scene): BacklogAgeAnswer => {
      const instant = instantOf(at, scope, scene.now);
      const { incidents, size } = openLoggedWithin(scene, scope, instant);
      const counts = ages.map(() => 0);
      for (let index = 0; index < size; index += 1) {
        const age = ageOf(instant - loggedAt(scene.table, incidents[index] as number));
        counts[age] = (counts[age] as number) + 1;
      }
      return {
        at: toInstant(instant),
        groups: ages.map(({ key }, index) => ({ key, count: counts[index] as number })),
      };
    };
  },
  incidents: (query) => {
    const { scope, at } = readParams(query);
    const key = query.choice('key', ageKeys);
    return (scene) => {
      const instant = instantOf(at, scope, scene.now);
      return narrowed(
        openLoggedWithin(scene, scope, instant),
        (incident) => key === undefined || ages[ageOf(instant - loggedAt(scene.table, incident))]?.key === key,
      );
    };
  },
};
