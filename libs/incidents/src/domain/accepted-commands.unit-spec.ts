import fc from 'fast-check';
import { DomainError } from '@faultline/kernel';
import { assigned, facts, logged, onHold } from '../../../../test/support/incident-specification';
import { envelopeAt } from '../../../../test/support/decider-specification';
import { acceptedCommands, type IncidentCommandType } from './accepted-commands';
import { type Context } from './decide.rules';
import { type IncidentCommand } from './incident.commands';
import { decide } from './incident.decide';
import { type IncidentEvent } from './incident.events';
import { evolve, initialIncident } from './incident.evolve';
import { type Incident } from './incident.state';

const start = Date.UTC(2026, 2, 2, 12);
const day = 86_400_000;
const reason = 'Because';
const teams = ['desk', 'second', 'networks', 'third', 'old', 'nowhere', undefined];
const persons = ['ann', 'agent', 'nobody'];
const resolution = { notes: 'Done', fix: 'permanent' } as const;

/** Bodies of every sort that a caller may send, good ones and bad ones, for every type of command. */
const bodies: readonly IncidentCommand[] = [
  { type: 'AmendDetails', title: 'Another title' },
  { type: 'AmendDetails', service: 'mail' },
  { type: 'ClassifyIncident', category: 'network' },
  { type: 'PrioritizeIncident', impact: 1, urgency: 1 },
  ...teams.map((team) => ({ type: 'AssignIncident', team }) as const),
  ...persons.map((agent) => ({ type: 'AssignIncident', agent }) as const),
  ...[...teams, 'unheard-of'].map((team) => ({ type: 'TakeFromQueue', team: team ?? '' }) as const),
  { type: 'ReturnToQueue', reason },
  { type: 'AcknowledgeIncident' },
  { type: 'StartWork' },
  { type: 'RecordDiagnosis', text: 'A diagnosis' },
  { type: 'ApplyWorkaround', text: 'A workaround' },
  { type: 'AddComment', text: 'A comment', visibility: 'public' },
  { type: 'AddComment', text: 'A note', visibility: 'internal' },
  { type: 'RecordEffort', minutes: 5 },
  ...['caller', 'supplier', 'weather'].map((why) => ({ type: 'PutIncidentOnHold', reason: why }) as const),
  { type: 'ResumeIncident' },
  ...teams.map((to) => ({ type: 'EscalateIncident', kind: 'functional', to, reason }) as const),
  ...[...teams, ...persons].map((to) => ({ type: 'EscalateIncident', kind: 'hierarchical', to, reason }) as const),
  ...teams.map((to) => ({ type: 'DeescalateIncident', to, reason }) as const),
  { type: 'RestoreService', at: new Date(start).toISOString() },
  { type: 'RestoreService', at: new Date(start + 1_000 * day).toISOString() },
  ...['solved', 'guessed'].map((code) => ({ type: 'ResolveIncident', code, ...resolution }) as const),
  { type: 'ConfirmResolution' },
  { type: 'RefuseResolution', reason },
  { type: 'RateSatisfaction', score: 4 },
  { type: 'ReopenIncident', reason },
  { type: 'CloseIncident' },
  { type: 'CancelIncident', reason },
  { type: 'LinkIncident', link: 'problem', target: 'PRB0000001' },
  { type: 'UnlinkIncident', id: 'none' },
  { type: 'AddAsset', asset: 'laptop-17' },
  { type: 'ClearAsset', asset: 'laptop-17' },
  ...persons.map((person) => ({ type: 'AddAffectedPerson', person }) as const),
  ...persons.map((person) => ({ type: 'AddWatcher', person }) as const),
  { type: 'RemoveWatcher', person: 'ann' },
];

const strictness = [
  facts,
  { ...facts, resolutionCodes: new Set(['solved']) },
  { ...facts, holdReasons: new Set<string>() },
];

const contextOf = (actor: string, daysLater: number, rules = facts): Context => {
  const now = new Date(start + daysLater * day).toISOString();
  return { now, occurredAt: now, actor: { id: actor, kind: 'person' }, facts: rules };
};

function attempt(command: IncidentCommand, incident: Incident, context: Context): readonly IncidentEvent[] | undefined {
  try {
    return decide(command, incident, context);
  } catch (error) {
    if (error instanceof DomainError) return undefined;
    throw error;
  }
}

const folded = (incident: Incident, events: readonly IncidentEvent[], at: string): Incident =>
  events.reduce((state, event) => evolve(state, event, envelopeAt(0, at)), incident);

const at = new Date(start).toISOString();
const beginnings: readonly IncidentEvent[][] = [
  [logged()],
  [logged({ category: 'network' }), assigned('desk', 1)],
  [logged({ requester: null }), assigned('second', 2, 'agent')],
  [logged(), assigned('third', 3), onHold()],
  // As an import may tell it: a team that was retired, and one that nobody registered.
  [logged(), assigned('old', 2)],
  [logged(), assigned('unheard-of', null)],
];

const actor = fc.constantFrom('ann', 'agent', 'bo');
const anyStep = fc.record({ command: fc.constantFrom(...bodies), actor, days: fc.nat(12) });

/** An incident that went through anything that the rules let happen, and how many days that took. */
const anyIncident = fc
  .record({ beginning: fc.constantFrom(...beginnings), steps: fc.array(anyStep, { maxLength: 14 }) })
  .map(({ beginning, steps }) => {
    let incident = folded(initialIncident(), beginning, at);
    let daysLater = 0;
    for (const step of steps) {
      daysLater += step.days;
      const context = contextOf(step.actor, daysLater);
      incident = folded(incident, attempt(step.command, incident, context) ?? [], context.now);
    }
    return { incident, daysLater };
  });

describe('the commands that an incident takes', () => {
  test('are exactly those of which some body succeeds, after any history, for anybody', () => {
    const outcomes = { accepted: 0, refused: 0 };
    fc.assert(
      fc.property(anyIncident, actor, fc.constantFrom(...strictness), ({ incident, daysLater }, who, rules) => {
        const context = contextOf(who, daysLater, rules);
        const succeeding = new Set<IncidentCommandType>();
        for (const command of bodies) {
          if (command.type !== 'LogIncident' && attempt(command, incident, context)) succeeding.add(command.type);
        }
        const accepted = acceptedCommands(incident, context);
        outcomes.accepted += accepted.length;
        outcomes.refused += new Set(bodies.map(({ type }) => type)).size - accepted.length;
        expect([...accepted].sort()).toEqual([...succeeding].sort());
      }),
      { numRuns: 500 },
    );
    expect(Math.min(outcomes.accepted, outcomes.refused)).toBeGreaterThan(1_000);
  });

  test('are none before it was logged', () => {
    expect(acceptedCommands(initialIncident(), contextOf('agent', 0))).toEqual([]);
  });

  test('differ by who asks, and by how long ago it was closed', () => {
    const begun = folded(initialIncident(), [logged(), assigned('desk', 1, 'agent')], at);
    const working = folded(begun, attempt({ type: 'StartWork' }, begun, contextOf('agent', 0)) ?? [], at);
    expect(acceptedCommands(working, contextOf('agent', 0))).toContain('CancelIncident');
    expect(acceptedCommands(working, contextOf('ann', 0))).not.toContain('CancelIncident');
    const closed = folded(working, [{ type: 'Closed', data: { code: null, mode: 'agent', state: 'closed' } }], at);
    expect(acceptedCommands(closed, contextOf('agent', 14))).toContain('ReopenIncident');
    expect(acceptedCommands(closed, contextOf('agent', 15))).not.toContain('ReopenIncident');
  });
});
