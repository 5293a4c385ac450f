import { toInstant } from '@faultline/kernel';
import { countByCode, groupsOf, keyTest } from '../engine/groups';
import { loggedAt } from '../engine/moments';
import { narrowed, select, type Selection } from '../engine/selection';
import { type QueryReader } from '../query-reader';
import { commonParameters, type Report, type Scene } from '../report';
import { readScope, type Scope, within } from '../report.params';
import { groupByParameter, groupDimensions } from './grouping';

/** `asOf`: the time asked for; where none was, the later of now and the newest event. */
export type VolumeAnswer = {
  readonly asOf: string;
  readonly total: number;
  readonly groups: readonly { readonly key: string | null; readonly count: number }[];
};

const readParams = (query: QueryReader) => ({
  scope: readScope(query),
  groupBy: query.choice('groupBy', groupDimensions) ?? 'state',
});

/** Incidents whose logging lies within `from` and `to`. */
export const loggedWithin = ({ table }: Scene, scope: Scope): Selection => {
  if (scope.from === -Infinity && scope.to === Infinity) return select(table, scope);
  return select(table, scope, (incident) => within(scope, loggedAt(table, incident)));
};

/** How many incidents there are, by what they are like at the time asked for. */
export const volumeReport: Report = {
  entry: {
    name: 'volume',
    title: 'Volume',
    definition: 'The incidents that were logged, grouped by their latest value; unknown is null.',
    unit: 'incidents',
    timeBasis: 'logged',
    parameters: [groupByParameter(groupDimensions, 'state'), ...commonParameters],
  },
  answer: (query) => {
    const { scope, groupBy } = readParams(query);
    return (scene): VolumeAnswer => {
      const { table, now } = scene;
      const selection = loggedWithin(scene, scope);
      const column = table.columns[groupBy];
      const groups = groupsOf(countByCode(selection, column), column.dictionary);
      const asOf = scope.asOf === Infinity ? Math.max(now, table.latest) : scope.asOf;
      return {
        asOf: toInstant(asOf),
        total: selection.size,
        groups: groups.map(({ key, count }) => ({ key, count })),
      };
    };
  },
  incidents: (query) => {
    const { scope, groupBy } = readParams(query);
    const key = query.one('key');
    return (scene) => {
      const hasKey = keyTest(scene.table.columns[groupBy], key);
      return narrowed(loggedWithin(scene, scope), (_, row) => hasKey(row));
    };
  },
};
