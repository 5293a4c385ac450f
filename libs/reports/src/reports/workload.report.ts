import { isOpen } from '@faultline/incidents';
import { compareKeys, keyTest } from '../engine/groups';
import { loggedAt } from '../engine/moments';
import { narrowed, select, type Selection, statesWhere } from '../engine/selection';
import { commonParameters, type Report, type Scene } from '../report';
import { readScope, type Scope, within } from '../report.params';

/** Open incidents of each team and agent, and how many of them are on hold. */
export type WorkloadAnswer = { readonly groups: readonly WorkloadGroup[] };
export type WorkloadGroup = {
  readonly team: string | null;
  readonly agent: string | null;
  readonly open: number;
  readonly onHold: number;
};

function openNow({ table }: Scene, scope: Scope): Selection {
  const open = statesWhere(table.columns.state, isOpen);
  const { codes } = table.columns.state;
  return select(
    table,
    scope,
    (incident, row) => open[codes[row] as number] === 1 && within(scope, loggedAt(table, incident)),
  );
}

function countWork({ table }: Scene, { rows, size }: Selection): WorkloadGroup[] {
  const { team, agent, state } = table.columns;
  const agents = agent.dictionary.size;
  const onHold = state.dictionary.codeOf('on_hold');
  const counts = new Map<number, { open: number; onHold: number }>();
  for (let index = 0; index < size; index += 1) {
    const row = rows[index] as number;
    const pair = (team.codes[row] as number) * agents + (agent.codes[row] as number);
    let count = counts.get(pair);
    if (!count) counts.set(pair, (count = { open: 0, onHold: 0 }));
    count.open += 1;
    if (state.codes[row] === onHold) count.onHold += 1;
  }
  return [...counts]
    .map(([pair, count]) => ({
      team: team.dictionary.valueOf(Math.floor(pair / agents)),
      agent: agent.dictionary.valueOf(pair % agents),
      ...count,
    }))
    .sort((a, b) => compareKeys(a.team, b.team) || compareKeys(a.agent, b.agent));
}

/** Who has how much to do. */
export const workloadReport: Report = {
  entry: {
    name: 'workload',
    title: 'Workload',
    definition:
      'Open incidents by team and agent, and how many of them are on hold. Behind a number: key is the team (empty means unknown), the filter agent narrows to one of its agents.',
    unit: 'incidents',
    timeBasis: 'logged',
    parameters: commonParameters,
  },
  answer: (query) => {
    const scope = readScope(query);
    return (scene): WorkloadAnswer => ({ groups: countWork(scene, openNow(scene, scope)) });
  },
  incidents: (query) => {
    const scope = readScope(query);
    const key = query.one('key');
    return (scene) => {
      const hasTeam = keyTest(scene.table.columns.team, key);
      return narrowed(openNow(scene, scope), (_, row) => hasTeam(row));
    };
  },
};
