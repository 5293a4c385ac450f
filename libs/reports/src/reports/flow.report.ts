import { compareKeys, groupsOf } from '../engine/groups';
import { lastMoment } from '../engine/moments';
import { type IncidentTest, narrowed, select, type Selection, statesWhere } from '../engine/selection';
import { momentBits, type TimelineTable } from '../engine/timeline-table';
import { type QueryReader, refused } from '../query-reader';
import { commonParameters, type Report, type Scene } from '../report';
import { readScope, type Scope, within } from '../report.params';
import { type Moment } from '../timeline.types';

/** Moves, not incidents, but for `firstTierResolved`; `holds` by reason, null last. */
export type FlowAnswer = {
  readonly reassignments: number;
  readonly reopens: number;
  readonly escalations: number;
  readonly deescalations: number;
  readonly firstTierResolved: number;
  readonly holds: readonly { readonly reason: string | null; readonly count: number }[];
};

const measures = {
  reassignments: 'reassigned',
  reopens: 'reopened',
  escalations: 'escalated',
  deescalations: 'deescalated',
  holds: 'held',
} as const satisfies Record<string, Moment>;
type Measure = keyof typeof measures;

/** Whether an incident was resolved by the first tier alone, within `from` and `to`. */
function firstTierTest(table: TimelineTable, scope: Scope): IncidentTest {
  const { state, path } = table.columns;
  const ended = statesWhere(state, (status) => status === 'resolved' || status === 'closed');
  const firstOnly = path.dictionary.find('1');
  return (incident, row) =>
    path.codes[row] === firstOnly &&
    ended[state.codes[row] as number] === 1 &&
    within(scope, lastMoment(table, 'resolved', incident, row));
}

/** Goes through the moments of a selection that lie within `from` and `to`. */
function countMoments(table: TimelineTable, { incidents, rows, size }: Selection, scope: Scope) {
  const { codes, dictionary } = table.columns.holdReason;
  const holds = new Uint32Array(dictionary.size);
  const byBit = new Uint32Array(8);
  for (let index = 0; index < size; index += 1) {
    const last = rows[index] as number;
    for (let row = table.first[incidents[index] as number] as number; row <= last; row += 1) {
      const bits = table.moments[row] as number;
      if (bits === 0 || !within(scope, table.times[row] as number)) continue;
      for (let bit = 0; bit < 8; bit += 1) if ((bits >> bit) & 1) byBit[bit] = (byBit[bit] as number) + 1;
      if (bits & momentBits.held) holds[codes[row] as number] = (holds[codes[row] as number] as number) + 1;
    }
  }
  const countOf = (moment: Moment) => byBit[Math.log2(momentBits[moment])] as number;
  return { countOf, holds: groupsOf(holds, dictionary) };
}

function answerFlow({ table }: Scene, scope: Scope): FlowAnswer {
  const selection = select(table, scope);
  const { countOf, holds } = countMoments(table, selection, scope);
  return {
    reassignments: countOf('reassigned'),
    reopens: countOf('reopened'),
    escalations: countOf('escalated'),
    deescalations: countOf('deescalated'),
    firstTierResolved: narrowed(selection, firstTierTest(table, scope)).size,
    holds: holds.map(({ key, count }) => ({ reason: key, count })).sort((a, b) => compareKeys(a.reason, b.reason)),
  };
}

type Key = { readonly measure: Measure | 'firstTierResolved'; readonly reason?: string | null };

function readKey(query: QueryReader): Key | undefined {
  const text = query.one('key');
  if (text === undefined) return undefined;
  if (text === 'firstTierResolved') return { measure: text };
  if (text.startsWith('holds:')) return { measure: 'holds', reason: text.slice(6) === '' ? null : text.slice(6) };
  const measure = (Object.keys(measures) as Measure[]).find((name) => name === text);
  if (measure) return { measure };
  throw refused('key', `key must be one of ${Object.keys(measures).join(', ')}, firstTierResolved or holds:<reason>`);
}

/** Whether an incident had at least one such moment within `from` and `to`. */
function momentTest(table: TimelineTable, scope: Scope, { measure, reason }: Key): IncidentTest {
  if (measure === 'firstTierResolved') return firstTierTest(table, scope);
  const { codes, dictionary } = table.columns.holdReason;
  const bit = momentBits[measures[measure]];
  const wanted = reason === undefined ? undefined : (dictionary.find(reason) ?? -1);
  return (incident, row) => {
    for (let index = table.first[incident] as number; index <= row; index += 1) {
      if (((table.moments[index] as number) & bit) === 0 || !within(scope, table.times[index] as number)) continue;
      if (wanted === undefined || codes[index] === wanted) return true;
    }
    return false;
  };
}

/** How incidents move about. */
export const flowReport: Report = {
  entry: {
    name: 'flow',
    title: 'Flow',
    definition:
      'Changes of team compared with the last known one, reopenings, functional escalations and de-escalations, moves to hold by reason (a change of reason counts), and incidents resolved or closed with the tier path exactly 1. Behind a measure: the incidents with at least one such move; key is the measure, or holds:<reason>.',
    unit: 'moves; incidents for firstTierResolved',
    timeBasis: 'the change, the move or the event; last move to resolved for firstTierResolved',
    parameters: commonParameters,
  },
  answer: (query) => {
    const scope = readScope(query);
    return (scene) => answerFlow(scene, scope);
  },
  incidents: (query) => {
    const scope = readScope(query);
    const key = readKey(query);
    return (scene) => {
      const { table } = scene;
      const selection = select(table, scope);
      if (!key) return narrowed(selection, anyTest(table, scope));
      return narrowed(selection, momentTest(table, scope, key));
    };
  },
};

function anyTest(table: TimelineTable, scope: Scope): IncidentTest {
  const keys: Key[] = [...(Object.keys(measures) as Measure[]), 'firstTierResolved' as const].map((measure) => ({
    measure,
  }));
  const tests = keys.map((key) => momentTest(table, scope, key));
  return (incident, row) => tests.some((test) => test(incident, row));
}
