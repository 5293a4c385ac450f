import { type CommandContext, conflict, type DomainError, invalid, notFound } from '@faultline/kernel';
import { type IncidentFacts, type TeamFact } from './incident.commands';
import { type Incident } from './incident.state';
import { type Assignment, type IncidentStatus, isOpen } from './incident.types';

/** What a decision knows beside the command and the incident. */
export type Context = CommandContext<IncidentFacts>;

/** Where work lies now. */
export const assignmentOf = ({ team, tier, agent }: Incident): Assignment => ({ team, tier, agent });

/** The state in which work goes on, after a hold, a reopening or a refusal. */
export function workState({ team, agent }: Pick<Incident, 'team' | 'agent'>): IncidentStatus {
  if (agent !== null) return 'in_progress';
  return team === null ? 'new' : 'queued';
}

/** Refuses everything but logging where nothing was logged. */
export function requireLogged({ number }: Incident): void {
  if (number === null) throw notFound('incident.not-found', 'There is no such incident');
}

/** Refuses what needs an open incident. */
export function requireOpen(incident: Incident): void {
  if (isOpen(incident.state)) return;
  requireNotFinal(incident);
  throw refusal('incident.already-resolved', incident, 'The incident is resolved');
}

/** Refuses what closed and cancelled incidents no longer take. */
export function requireNotFinal(incident: Incident): void {
  if (incident.state === 'closed') throw refusal('incident.already-closed', incident, 'The incident is closed');
  if (incident.state === 'cancelled') throw refusal('incident.cancelled', incident, 'The incident was cancelled');
}

/** Refuses what needs somebody to have the incident. */
export function requireTeam(incident: Incident): string {
  if (incident.team !== null) return incident.team;
  throw refusal('incident.no-team', incident, 'No team has the incident: assign it first');
}

/** A refusal by the incident's state. */
export const refusal = (code: string, { state }: Incident, message: string): DomainError =>
  conflict(code, message, { state });

/** The team of that key. Throws `incident.unknown-team` or `incident.retired-team`. */
export function teamOf(key: string, { facts }: Context, pointer: string): TeamFact {
  const team = facts.team(key);
  if (!team) throw invalid('incident.unknown-team', `There is no team ${key}`, { pointer, team: key });
  if (team.retired) throw invalid('incident.retired-team', `The team ${key} was retired`, { pointer, team: key });
  return team;
}

/** Throws `incident.unknown-person`. */
export function requirePerson(id: string | null | undefined, { facts }: Context, pointer: string): void {
  if (id === null || id === undefined || facts.hasPerson(id)) return;
  throw invalid('incident.unknown-person', `There is no person ${id}`, { pointer, person: id });
}

/** Throws `incident.unknown-service`. */
export function requireService(key: string | null | undefined, { facts }: Context): void {
  if (key === null || key === undefined || facts.hasService(key)) return;
  throw invalid('incident.unknown-service', `There is no service ${key}`, { pointer: '/service', service: key });
}

/** Throws `incident.unknown-category`. */
export function requireCategory(category: string | null, subcategory: string | null, { facts }: Context): void {
  if (category === null) {
    if (subcategory === null) return;
    throw invalid('incident.unknown-category', 'A subcategory needs its category', { pointer: '/subcategory' });
  }
  if (facts.hasCategory(category, subcategory)) return;
  const name = subcategory === null ? category : `${category} / ${subcategory}`;
  throw invalid('incident.unknown-category', `The catalog has no category ${name}`, { pointer: '/category' });
}

/** An instant that may not lie in the future, as events carry it. Throws `incident.future-instant`. */
export function pastInstant(text: string, { now }: Context, pointer: string): string {
  const instant = new Date(text).toISOString();
  if (instant <= now) return instant;
  throw invalid('incident.future-instant', 'This instant lies in the future', { pointer, now });
}
