import { type Incident } from './incident.state';
import { type LinkType } from './incident.types';

/** The public shape of an incident; persons are ids. */
export type IncidentView = ReturnType<typeof incidentView>;

/** An incident as answers show it. */
export function incidentView(id: string, incident: Incident, revision: number, position: string) {
  const linked = (type: LinkType) => incident.links.find((link) => link.type === type)?.target ?? null;
  const { resolution } = incident;
  return {
    id,
    number: incident.number,
    revision,
    position,
    state: incident.state,
    title: incident.title,
    description: incident.description,
    channel: incident.channel,
    service: incident.service,
    category: incident.category,
    subcategory: incident.subcategory,
    symptom: incident.symptom,
    location: incident.location,
    assets: incident.assets,
    impact: incident.impact,
    urgency: incident.urgency,
    priority: incident.priority,
    requester: incident.requester,
    loggedBy: incident.loggedBy,
    team: incident.team,
    tier: incident.tier,
    agent: incident.agent,
    holdReason: incident.holdReason,
    holdUntil: incident.holdUntil,
    reassignments: incident.reassignments,
    reopens: incident.reopens,
    escalations: incident.escalations,
    effortMinutes: incident.effortMinutes,
    loggedAt: incident.loggedAt,
    startedAt: incident.startedAt,
    acknowledgedAt: incident.acknowledgedAt,
    restoredAt: incident.restoredAt,
    resolvedAt: incident.resolvedAt,
    closedAt: incident.closedAt,
    updatedAt: incident.updatedAt,
    resolution,
    confirmed: incident.confirmed,
    satisfaction: incident.satisfaction,
    parent: linked('parent'),
    problem: linked('problem'),
    major: false,
    links: incident.links,
    watchers: incident.watchers,
    affected: incident.affected,
    externalKey: incident.externalKey,
    import: incident.import,
    breachImported: incident.breachImportedAt !== null,
    restriction: null,
    clocks: [] as const,
  };
}
