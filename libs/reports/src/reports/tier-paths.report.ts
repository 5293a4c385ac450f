import { compareKeys, countByCode, groupsOf, keyTest } from '../engine/groups';
import { narrowed } from '../engine/selection';
import { commonParameters, type Report, type Scene } from '../report';
import { readScope, type Scope } from '../report.params';
import { loggedWithin } from './volume.report';

/** Paths such as `1>2>1`, the most frequent first. */
export type TierPathsAnswer = { readonly paths: readonly { readonly path: string; readonly count: number }[] };

function withPath(scene: Scene, scope: Scope) {
  const { codes } = scene.table.columns.path;
  return narrowed(loggedWithin(scene, scope), (_, row) => codes[row] !== 0);
}

/** The ways that incidents took through the support tiers. */
export const tierPathsReport: Report = {
  entry: {
    name: 'tier-paths',
    title: 'Tier paths',
    definition: 'The sequence of support tiers with repeats folded; incidents that never had a tier are left out.',
    unit: 'incidents',
    timeBasis: 'logged',
    parameters: commonParameters,
  },
  answer: (query) => {
    const scope = readScope(query);
    return (scene): TierPathsAnswer => {
      const { path } = scene.table.columns;
      const paths = groupsOf(countByCode(withPath(scene, scope), path), path.dictionary)
        .map(({ key, count }) => ({ path: key ?? '', count }))
        .sort((a, b) => b.count - a.count || compareKeys(a.path, b.path));
      return { paths };
    };
  },
  incidents: (query) => {
    const scope = readScope(query);
    const key = query.one('key');
    return (scene) => {
      const hasPath = keyTest(scene.table.columns.path, key);
      return narrowed(withPath(scene, scope), (_, row) => hasPath(row));
    };
  },
};
