import { conflict, deriveId, invalid } from '@faultline/kernel';
import {
  type AmendDetails,
  type ClassifyIncident,
  type LogIncident,
  type PrioritizeIncident,
} from './incident.commands';
import { type IncidentEvent } from './incident.events';
import { type Incident } from './incident.state';
import { type Assignment, type Level, type Link, type LinkType, type Priority } from './incident.types';
import {
  type Context,
  pastInstant,
  refusal,
  requireCategory,
  requireNotFinal,
  requirePerson,
  requireService,
  teamOf,
} from './decide.rules';
import { resolved } from './decide.ending';

/** A link by its type and target; the same two always give the same link. */
export const makeLink = (type: LinkType, target: string): Link => ({
  id: deriveId('link', type, target),
  type,
  target,
});

/** Logs an incident; with a team it is assigned, with a resolution resolved in the same append. */
export function decideLogging(command: LogIncident, incident: Incident, context: Context): readonly IncidentEvent[] {
  if (incident.number !== null) throw conflict('incident.already-logged', `${command.number} was logged already`);
  checkReferences(command, context);
  const { impact = null, urgency = null } = command;
  const priority = priorityFor({ impact, urgency, priority: command.priority, reason: command.reason }, context);
  const logged: IncidentEvent = {
    type: 'IncidentLogged',
    data: {
      number: command.number,
      state: 'new',
      title: command.title,
      description: command.description ?? null,
      channel: command.channel ?? null,
      requester: command.requester ?? null,
      loggedBy: context.actor.id,
      service: command.service ?? null,
      category: command.category ?? null,
      subcategory: command.subcategory ?? null,
      symptom: command.symptom ?? null,
      impact,
      urgency,
      priority,
      assets: [...new Set(command.assets ?? [])],
      location: command.location ?? null,
      startedAt: command.startedAt === undefined ? null : pastInstant(command.startedAt, context, '/startedAt'),
      externalKey: command.externalKey ?? null,
    },
  };
  return [logged, ...assigned(command, context), ...followUp(command), ...resolvedAtOnce(command, context)];
}

function checkReferences(command: LogIncident, context: Context): void {
  requireService(command.service, context);
  requirePerson(command.requester, context, '/requester/id');
  requirePerson(command.agent, context, '/agent');
  requireCategory(command.category ?? null, command.subcategory ?? null, context);
}

function assigned(command: LogIncident, context: Context): IncidentEvent[] {
  const { team } = command;
  const agent = command.agent ?? null;
  if (team === undefined) {
    if (agent === null) return [];
    throw invalid('incident.no-team', 'An agent needs a team', { pointer: '/team' });
  }
  const { key, tier } = teamOf(team, context, '/team');
  const from: Assignment = { team: null, tier: null, agent: null };
  const state = agent === null ? 'queued' : 'assigned';
  return [{ type: 'Assigned', data: { from, to: { team: key, tier, agent }, state } }];
}

const followUp = ({ followUpOf }: LogIncident): IncidentEvent[] =>
  followUpOf === undefined ? [] : [{ type: 'Linked', data: makeLink('follow-up', followUpOf) }];

const resolvedAtOnce = ({ resolution }: LogIncident, context: Context): IncidentEvent[] =>
  resolution === undefined ? [] : [resolved(resolution, context, '/resolution')];

type Ranking = {
  readonly impact: Level | null;
  readonly urgency: Level | null;
  readonly priority: Priority | undefined;
  readonly reason: string | undefined;
};

/** The matrix's priority, or another one with a reason. Throws `incident.override-needs-reason`. */
function priorityFor({ impact, urgency, priority, reason }: Ranking, { facts }: Context): Priority | null {
  if (impact === null || urgency === null) return priority ?? null;
  const computed = facts.priorityOf(impact, urgency);
  if (priority === undefined || priority === computed) return computed;
  if (reason !== undefined) return priority;
  throw invalid('incident.override-needs-reason', `The matrix says priority ${computed}; another one needs a reason`, {
    pointer: '/reason',
    priority: computed,
  });
}

/** Amends details: only what really changes becomes part of the event. */
export function decideAmendment(command: AmendDetails, incident: Incident, context: Context): readonly IncidentEvent[] {
  requireNotFinal(incident);
  if (context.actor.id === incident.requester && incident.workStartedAt !== null) {
    throw refusal('incident.work-started', incident, 'Work has begun: ask the agent to amend it');
  }
  requireService(command.service, context);
  requirePerson(command.requester, context, '/requester/id');
  const { type: _type, startedAt, ...fields } = command;
  const started = typeof startedAt === 'string' ? pastInstant(startedAt, context, '/startedAt') : startedAt;
  const wanted = { ...fields, startedAt: started };
  const changes: Record<string, { from: string | null; to: string | null }> = {};
  for (const name of ['title', 'description', 'requester', 'service', 'location', 'startedAt'] as const) {
    const to = wanted[name];
    if (to !== undefined && to !== incident[name]) changes[name] = { from: incident[name], to };
  }
  if (Object.keys(changes).length === 0) return [];
  return [{ type: 'DetailsAmended', data: { changes: changes } }];
}

/** Classifies; a member that is absent stays as it is, a new category without its subcategory clears that. */
export function decideClassification(
  command: ClassifyIncident,
  incident: Incident,
  context: Context,
): readonly IncidentEvent[] {
  requireNotFinal(incident);
  const { category = incident.category, symptom = incident.symptom } = command;
  const kept = category === incident.category ? incident.subcategory : null;
  const { subcategory = kept } = command;
  requireCategory(category, subcategory, context);
  const same = category === incident.category && subcategory === incident.subcategory && symptom === incident.symptom;
  return same ? [] : [{ type: 'Classified', data: { category, subcategory, symptom } }];
}

/** Prioritizes by the matrix, or against it with a reason. */
export function decidePriority(
  command: PrioritizeIncident,
  incident: Incident,
  context: Context,
): readonly IncidentEvent[] {
  requireNotFinal(incident);
  const { impact = incident.impact, urgency = incident.urgency, reason } = command;
  const priority = priorityFor({ impact, urgency, priority: command.priority, reason }, context) ?? incident.priority;
  const same = impact === incident.impact && urgency === incident.urgency && priority === incident.priority;
  return same ? [] : [{ type: 'Prioritized', data: { impact, urgency, priority, overrideReason: reason ?? null } }];
}
