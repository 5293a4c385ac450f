import * as fc from 'fast-check';
import { DomainError } from '@faultline/kernel';
import { envelopeAt } from '../../../../test/support/decider-specification';
import { assigned, facts, logged, onHold } from '../../../../test/support/incident-specification';
import { type Context } from '../domain/decide.rules';
import { type IncidentCommand } from '../domain/incident.commands';
import { decide } from '../domain/incident.decide';
import { type IncidentEvent } from '../domain/incident.events';
import { evolve, initialIncident } from '../domain/incident.evolve';
import { type Incident } from '../domain/incident.state';

const start = Date.UTC(2026, 2, 2, 12);
const day = 86_400_000;
const reason = 'Because';
const teams = ['desk', 'second', 'networks', 'third', 'old', 'nowhere', undefined];
const persons = ['ann', 'agent', 'nobody'];
const resolution = { notes: 'Done', fix: 'permanent' } as const;

/** Bodies of every sort that a caller may send, good ones and bad ones, for every type of command. */
export const bodies: readonly IncidentCommand[] = [
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

/** Somebody asks so many days after the beginning. */
export const contextOf = (actor: string, daysLater: number, rules = facts): Context => {
  const now = new Date(start + daysLater * day).toISOString();
  return { now, occurredAt: now, actor: { id: actor, kind: 'person' }, facts: rules };
};

/** The events of a command; undefined where a rule refuses it. */
export function attempt(
  command: IncidentCommand,
  incident: Incident,
  context: Context,
): readonly IncidentEvent[] | undefined {
  try {
    return decide(command, incident, context);
  } catch (error) {
    if (error instanceof DomainError) return undefined;
    throw error;
  }
}

/** The incident after events of that instant. */
export const folded = (incident: Incident, events: readonly IncidentEvent[], at: string): Incident =>
  events.reduce((state, event) => evolve(state, event, envelopeAt(0, at)), incident);

/** The beginning, ISO 8601. */
export const at = new Date(start).toISOString();
const beginnings: readonly IncidentEvent[][] = [
  [logged()],
  [logged({ category: 'network' }), assigned('desk', 1)],
  [logged({ requester: null }), assigned('second', 2, 'agent')],
  [logged(), assigned('third', 3), onHold()],
  // As an import may tell it: a team that was retired, and one that nobody registered.
  [logged(), assigned('old', 2)],
  [logged(), assigned('unheard-of', null)],
];

/** One of those who ask. */
export const anyActor = fc.constantFrom('ann', 'agent', 'bo');
const anyStep = fc.record({ command: fc.constantFrom(...bodies), actor: anyActor, days: fc.nat(12) });

/** An incident that went through anything that the rules let happen, and how many days that took. */
export const anyIncident = fc
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
