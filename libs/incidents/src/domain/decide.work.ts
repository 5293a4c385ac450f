import { invalid } from '@faultline/kernel';
import {
  type AddComment,
  type AssignIncident,
  type DeescalateIncident,
  type EscalateIncident,
  type PutIncidentOnHold,
  type RecordEffort,
  type RestoreService,
  type ReturnToQueue,
  type TakeFromQueue,
  type TeamFact,
} from './incident.commands';
import { type IncidentEvent } from './incident.events';
import { type Incident } from './incident.state';
import { type IncidentStatus } from './incident.types';
import {
  assignmentOf,
  type Context,
  pastInstant,
  refusal,
  requireNotFinal,
  requireOpen,
  requirePerson,
  requireTeam,
  teamOf,
  workState,
} from './decide.rules';

/** Hands the incident to a team, to an agent, or to both. */
export function decideAssignment(
  command: AssignIncident,
  incident: Incident,
  context: Context,
): readonly IncidentEvent[] {
  if (command.team === undefined && command.agent === undefined) {
    throw invalid('request.invalid', 'An assignment names a team, an agent, or both', { pointer: '/team' });
  }
  requireOpen(incident);
  requirePerson(command.agent, context, '/agent');
  const key = command.team ?? requireTeam(incident);
  const { tier } = teamOf(key, context, '/team');
  const sameTeam = key === incident.team;
  const agent = command.agent ?? null;
  const to = { team: key, tier: sameTeam ? incident.tier : tier, agent };
  if (sameTeam && agent === incident.agent) return [];
  const state = assignedState(incident, agent);
  return [{ type: 'Assigned', data: { from: assignmentOf(incident), to, state } }];
}

function assignedState(incident: Incident, agent: string | null): IncidentStatus {
  if (incident.state === 'on_hold') return 'on_hold';
  return agent === null ? 'queued' : 'assigned';
}

/** Hands the actor what waits in a team's queue, to nobody else and once. Throws `incident.not-in-queue`. */
export function decideTaking(
  { team }: TakeFromQueue,
  incident: Incident,
  { actor }: Context,
): readonly IncidentEvent[] {
  if (!isInQueue(incident, team)) throw refusal('incident.not-in-queue', incident, 'Somebody else was faster');
  const to = { team, tier: incident.tier, agent: actor.id };
  return [{ type: 'Assigned', data: { from: assignmentOf(incident), to, state: 'assigned' } }];
}

/** Whether the incident waits in this team's queue for an agent. */
export const isInQueue = ({ state, team, agent }: Incident, queue: string): boolean =>
  state === 'queued' && team === queue && agent === null;

/** Gives the incident back to its team's queue. */
export function decideReturn({ reason }: ReturnToQueue, incident: Incident): readonly IncidentEvent[] {
  requireOpen(incident);
  const team = requireTeam(incident);
  if (incident.agent === null && incident.state === 'queued') return [];
  const to = { team, tier: incident.tier, agent: null };
  return [{ type: 'ReturnedToQueue', data: { from: assignmentOf(incident), to, state: 'queued', reason } }];
}

/** Says that somebody has seen it. */
export function decideAcknowledgement(incident: Incident, { actor }: Context): readonly IncidentEvent[] {
  requireOpen(incident);
  requireTeam(incident);
  if (incident.acknowledged) return [];
  if (incident.state === 'on_hold')
    throw refusal('incident.on-hold', incident, 'The incident is on hold: resume it first');
  const state = incident.state === 'in_progress' ? 'in_progress' : 'assigned';
  return [{ type: 'Acknowledged', data: { by: actor.id, agent: incident.agent ?? actor.id, state } }];
}

/** Begins work. */
export function decideWorkStart(incident: Incident, { actor }: Context): readonly IncidentEvent[] {
  requireOpen(incident);
  requireTeam(incident);
  if (incident.state === 'in_progress') return [];
  if (incident.state === 'on_hold')
    throw refusal('incident.on-hold', incident, 'The incident is on hold: resume it first');
  return [{ type: 'WorkStarted', data: { by: actor.id, agent: incident.agent ?? actor.id, state: 'in_progress' } }];
}

/** Adds a comment; the caller's answer to a question that it waits for resumes the incident in the same append. */
export function decideComment(
  { text, visibility }: AddComment,
  incident: Incident,
  { actor }: Context,
): readonly IncidentEvent[] {
  requireNotFinal(incident);
  const comment: IncidentEvent = { type: 'CommentAdded', data: { text, visibility } };
  const answered =
    visibility === 'public' &&
    incident.state === 'on_hold' &&
    incident.holdReason === 'caller' &&
    actor.id === incident.requester;
  return answered ? [comment, { type: 'Resumed', data: { state: workState(incident) } }] : [comment];
}

/** Books time. */
export function decideEffort({ minutes }: RecordEffort, incident: Incident): readonly IncidentEvent[] {
  requireNotCancelled(incident);
  if (!Number.isInteger(minutes) || minutes < 1) {
    throw invalid('incident.effort', 'Effort is a whole number of minutes, one at least', { pointer: '/minutes' });
  }
  return [{ type: 'EffortRecorded', data: { minutes } }];
}

function requireNotCancelled(incident: Incident): void {
  if (incident.state === 'cancelled') throw refusal('incident.cancelled', incident, 'The incident was cancelled');
}

/** Waits for a named reason. */
export function decideHold(
  command: PutIncidentOnHold,
  incident: Incident,
  { facts, now }: Context,
): readonly IncidentEvent[] {
  requireOpen(incident);
  const { reason, note = null } = command;
  if (!facts.holdReasons.has(reason)) {
    throw invalid('incident.unknown-hold-reason', `The catalog has no hold reason ${reason}`, {
      pointer: '/reason',
      allowed: [...facts.holdReasons],
    });
  }
  const until = command.until === undefined ? null : new Date(command.until).toISOString();
  if (until !== null && until <= now) {
    throw invalid('incident.past-instant', 'A hold ends in the future', { pointer: '/until', now });
  }
  if (incident.state === 'on_hold' && incident.holdReason === reason && incident.holdUntil === until) return [];
  return [{ type: 'PutOnHold', data: { reason, note, until, state: 'on_hold' } }];
}

/** Ends a hold. */
export function decideResumption(incident: Incident): readonly IncidentEvent[] {
  requireOpen(incident);
  return incident.state === 'on_hold' ? [{ type: 'Resumed', data: { state: workState(incident) } }] : [];
}

/** Moves work to those who know more, or draws the attention of somebody with more authority. */
export function decideEscalation(
  command: EscalateIncident,
  incident: Incident,
  context: Context,
): readonly IncidentEvent[] {
  requireOpen(incident);
  if (command.kind === 'hierarchical') return hierarchical(command, incident, context);
  const from = requireTeam(incident);
  const target = functionalTarget(command, incident, context);
  const tier = incident.tier ?? context.facts.team(from)?.tier ?? null;
  if (target.tier === null || (tier !== null && target.tier <= tier)) {
    throw invalid('incident.not-a-higher-tier', `${target.key} is not of a higher tier than ${from}`, {
      pointer: '/to',
      tier,
      targetTier: target.tier,
    });
  }
  return [
    {
      type: 'Escalated',
      data: {
        kind: 'functional',
        from: { tier, team: from, person: incident.agent },
        to: { tier: target.tier, team: target.key, person: null },
        reason: command.reason,
        trigger: 'manual',
        state: 'queued',
      },
    },
  ];
}

function functionalTarget({ to }: EscalateIncident, incident: Incident, context: Context): TeamFact {
  if (to !== undefined) return teamOf(to, context, '/to');
  const team = incident.team === null ? undefined : context.facts.team(incident.team);
  const byCategory = incident.category === null ? undefined : team?.escalatesToByCategory[incident.category];
  const next = byCategory ?? team?.escalatesTo;
  if (next) return teamOf(next, context, '/to');
  throw refusal('incident.top-tier', incident, 'This team has nobody above it to escalate to');
}

function hierarchical({ to, reason }: EscalateIncident, incident: Incident, context: Context): IncidentEvent[] {
  if (to === undefined) {
    throw invalid('incident.escalation-needs-target', 'A hierarchical escalation names a person or a team', {
      pointer: '/to',
    });
  }
  const team = context.facts.team(to);
  if (!team) requirePerson(to, context, '/to');
  return [
    {
      type: 'Escalated',
      data: {
        kind: 'hierarchical',
        from: { tier: incident.tier, team: incident.team, person: incident.agent },
        to: team ? { tier: team.tier, team: team.key, person: null } : { tier: null, team: null, person: to },
        reason,
        trigger: 'manual',
        state: incident.state,
      },
    },
  ];
}

/** Gives work back to a lower tier. */
export function decideDeescalation(
  command: DeescalateIncident,
  incident: Incident,
  context: Context,
): readonly IncidentEvent[] {
  requireOpen(incident);
  const from = requireTeam(incident);
  const key = command.to ?? incident.escalatedFrom.at(-1)?.team;
  if (key === undefined) {
    throw refusal('incident.never-escalated', incident, 'It was never escalated: name the team that shall have it');
  }
  const target = teamOf(key, context, '/to');
  if (target.tier === null || incident.tier === null || target.tier >= incident.tier) {
    throw invalid('incident.not-a-lower-tier', `${target.key} is not of a lower tier than ${from}`, {
      pointer: '/to',
      tier: incident.tier,
      targetTier: target.tier,
    });
  }
  return [
    {
      type: 'Deescalated',
      data: {
        kind: 'functional',
        from: { tier: incident.tier, team: from, person: incident.agent },
        to: { tier: target.tier, team: target.key, person: null },
        reason: command.reason,
        trigger: 'manual',
        state: 'queued',
      },
    },
  ];
}

/** Says when the impact ended. */
export function decideRestoration(
  { at }: RestoreService,
  incident: Incident,
  context: Context,
): readonly IncidentEvent[] {
  requireNotCancelled(incident);
  const instant = pastInstant(at, context, '/at');
  const began = incident.startedAt ?? incident.loggedAt ?? instant;
  if (instant < began) {
    throw invalid('incident.restored-before-start', 'Service cannot be restored before the impact began', {
      pointer: '/at',
      began,
    });
  }
  return instant === incident.restoredAt ? [] : [{ type: 'ServiceRestored', data: { at: instant } }];
}
