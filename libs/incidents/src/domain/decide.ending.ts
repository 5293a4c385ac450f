import { invalid } from '@faultline/kernel';
import {
  type CancelIncident,
  type CloseIncident,
  type RateSatisfaction,
  type RefuseResolution,
  type ReopenIncident,
  type ResolutionDetails,
} from './incident.commands';
import { type IncidentEvent } from './incident.events';
import { type Incident } from './incident.state';
import { type Context, refusal, requireNotFinal, requireOpen, requirePerson, workState } from './decide.rules';

/** The event of a resolution. Throws `incident.unknown-resolution-code` where the catalog refuses codes that it does not list. */
export function resolved(details: ResolutionDetails, context: Context, pointer = ''): IncidentEvent {
  const { code, notes, fix, verification } = details;
  const codes = context.facts.resolutionCodes;
  if (codes && !codes.has(code)) {
    throw invalid('incident.unknown-resolution-code', `The catalog has no resolution code ${code}`, {
      pointer: `${pointer}/code`,
      allowed: [...codes],
    });
  }
  requirePerson(verification?.by, context, `${pointer}/verification/by`);
  const how = verification ? { how: verification.how, by: verification.by ?? null } : null;
  return { type: 'Resolved', data: { code, notes, fix, verification: how, state: 'resolved' } };
}

/** Resolves from any open state. */
export function decideResolution(
  details: ResolutionDetails,
  incident: Incident,
  context: Context,
): readonly IncidentEvent[] {
  if (incident.state === 'resolved') return [];
  requireOpen(incident);
  return [resolved(details, context)];
}

/** The requester, or an agent on their behalf, says that it works again: that closes it. */
export function decideConfirmation(incident: Incident, { actor }: Context): readonly IncidentEvent[] {
  if (incident.state === 'closed' && incident.confirmed) return [];
  requireResolved(incident);
  const mode = actor.id === incident.requester ? 'requester' : 'agent';
  return [{ type: 'ResolutionConfirmed', data: { by: actor.id, mode, state: 'closed' } }];
}

/** It does not work: back to work. */
export function decideRefusal(
  { reason }: RefuseResolution,
  incident: Incident,
  { actor }: Context,
): readonly IncidentEvent[] {
  requireResolved(incident);
  return [{ type: 'ResolutionRefused', data: { by: actor.id, reason, state: workState(incident) } }];
}

function requireResolved(incident: Incident): void {
  if (incident.state === 'resolved') return;
  requireNotFinal(incident);
  throw refusal('incident.not-resolved', incident, 'The incident is not resolved');
}

/** The requester's verdict on the service; a later one replaces it. */
export function decideSatisfaction(command: RateSatisfaction, incident: Incident): readonly IncidentEvent[] {
  const { score } = command;
  const text = command.text ?? null;
  if (incident.state !== 'resolved' && incident.state !== 'closed') {
    throw refusal('incident.not-resolved', incident, 'Only a resolved incident can be rated');
  }
  if (!Number.isInteger(score) || score < 1 || score > 5) {
    throw invalid('incident.score', 'A score is a whole number from 1 to 5', { pointer: '/score' });
  }
  const same = incident.satisfaction?.score === score && incident.satisfaction.text === text;
  return same ? [] : [{ type: 'SatisfactionRated', data: { score, text } }];
}

/** Opens it again; a closed one only within the window. */
export function decideReopening(
  { reason }: ReopenIncident,
  incident: Incident,
  context: Context,
): readonly IncidentEvent[] {
  if (incident.state === 'cancelled') throw refusal('incident.cancelled', incident, 'The incident was cancelled');
  if (incident.state !== 'resolved' && incident.state !== 'closed') {
    throw refusal('incident.not-resolved', incident, 'The incident is open');
  }
  const { reopenWindowMs } = context.facts;
  const closedAt = incident.closedAt === null ? undefined : Date.parse(incident.closedAt);
  if (closedAt !== undefined && Date.parse(context.now) > closedAt + reopenWindowMs) {
    throw refusal(
      'incident.reopen-window-passed',
      incident,
      'It was closed too long ago: log a follow-up (followUpOf) instead',
    );
  }
  return [{ type: 'Reopened', data: { reason, state: workState(incident) } }];
}

/** Ends a resolved incident for good. */
export function decideClosure({ mode = 'agent' }: CloseIncident, incident: Incident): readonly IncidentEvent[] {
  if (incident.state === 'closed') return [];
  requireResolved(incident);
  return [{ type: 'Closed', data: { code: null, mode, state: 'closed' } }];
}

/** Withdraws it: mistaken, or no longer wanted. */
export function decideCancellation(
  { reason }: CancelIncident,
  incident: Incident,
  { actor }: Context,
): readonly IncidentEvent[] {
  if (incident.state === 'cancelled') return [];
  requireOpen(incident);
  if (actor.id === incident.requester && incident.workStartedAt !== null) {
    throw refusal('incident.work-started', incident, 'Work has begun: ask the agent to cancel it');
  }
  return [{ type: 'Cancelled', data: { reason, state: 'cancelled' } }];
}
