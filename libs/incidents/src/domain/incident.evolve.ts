import { assertNever, type EventEnvelope } from '@faultline/kernel';
import {
  type Deescalated,
  type DetailsAmended,
  type Escalated,
  type IncidentEvent,
  type IncidentLogged,
} from './incident.events';
import { type Incident } from './incident.state';
import { type Assignment, type IncidentStatus, type Link } from './incident.types';

/** Before anything was logged. */
export const initialIncident = (): Incident => ({
  number: null,
  state: 'new',
  title: null,
  description: null,
  channel: null,
  requester: null,
  loggedBy: null,
  service: null,
  category: null,
  subcategory: null,
  symptom: null,
  impact: null,
  urgency: null,
  priority: null,
  assets: [],
  location: null,
  externalKey: null,
  team: null,
  tier: null,
  agent: null,
  lastKnownTeam: null,
  tierPath: [],
  escalatedFrom: [],
  holdReason: null,
  holdUntil: null,
  reassignments: 0,
  reopens: 0,
  escalations: 0,
  effortMinutes: 0,
  acknowledged: false,
  loggedAt: null,
  startedAt: null,
  acknowledgedAt: null,
  workStartedAt: null,
  restoredAt: null,
  resolvedAt: null,
  closedAt: null,
  breachImportedAt: null,
  updatedAt: null,
  resolution: null,
  confirmed: false,
  satisfaction: null,
  links: [],
  watchers: [],
  affected: [],
  import: null,
});

/** The incident after one more event. Never rejects: imports contain moves that no rule of ours would make. */
export function evolve(incident: Incident, event: IncidentEvent, envelope: EventEnvelope): Incident {
  const at = envelope.metadata.occurredAt;
  const next = apply(incident, event, { at, envelope });
  const moved = 'state' in event.data ? move(incident, next, { to: event.data.state, at }) : next;
  const imported = envelope.metadata.via.kind === 'import';
  const takenUp = imported && moved.state === 'in_progress' && incident.state !== 'in_progress';
  return {
    ...moved,
    acknowledgedAt: moved.acknowledgedAt ?? (takenUp ? at : null),
    updatedAt: at,
  };
}

type At = { readonly at: string; readonly envelope: EventEnvelope };

function apply(incident: Incident, event: IncidentEvent, { at, envelope }: At): Incident {
  switch (event.type) {
    case 'IncidentLogged':
      return logged(incident, event, { at, envelope });
    case 'DetailsAmended':
      return amended(incident, event);
    case 'Classified':
    case 'Prioritized':
      return withFacts(incident, event);
    case 'Assigned':
    case 'ReturnedToQueue':
      return handedOver(incident, event.data.to);
    case 'Acknowledged':
      return acknowledged(incident, event.data.agent, at);
    case 'WorkStarted':
      return { ...acknowledged(incident, event.data.agent, at), workStartedAt: incident.workStartedAt ?? at };
    case 'Escalated':
    case 'Deescalated':
      return escalated(incident, event);
    case 'DiagnosisRecorded':
    case 'WorkaroundApplied':
    case 'CommentAdded':
    case 'UpdateImported':
    case 'Resumed':
      return incident;
    case 'EffortRecorded':
      return { ...incident, effortMinutes: incident.effortMinutes + event.data.minutes };
    case 'PutOnHold':
      return { ...incident, holdReason: event.data.reason, holdUntil: event.data.until };
    case 'ServiceRestored':
      return { ...incident, restoredAt: event.data.at };
    default:
      return applyEnding(incident, event, at);
  }
}

type Ending = Extract<
  IncidentEvent,
  {
    type:
      | 'Resolved'
      | 'ResolutionConfirmed'
      | 'ResolutionRefused'
      | 'Reopened'
      | 'Closed'
      | 'Cancelled'
      | 'SatisfactionRated'
      | 'Linked'
      | 'Unlinked'
      | 'BreachImported'
      | 'AssetAffected'
      | 'AssetCleared'
      | 'PersonAffected'
      | 'WatcherAdded'
      | 'WatcherRemoved';
  }
>;

function applyEnding(incident: Incident, event: Ending, at: string): Incident {
  switch (event.type) {
    case 'Resolved': {
      const { code, notes, fix, verification } = event.data;
      return { ...incident, resolution: { code, notes, fix, verification } };
    }
    case 'ResolutionConfirmed':
      return { ...incident, confirmed: true };
    case 'ResolutionRefused':
    case 'Reopened':
      return { ...incident, resolution: null, confirmed: false };
    case 'Closed':
      return event.data.code === null ? incident : { ...incident, resolution: coded(incident, event.data.code) };
    case 'Cancelled':
      return incident;
    case 'SatisfactionRated':
      return { ...incident, satisfaction: event.data };
    case 'Linked':
      return { ...incident, links: [...incident.links, link(event.data)] };
    case 'Unlinked':
      return { ...incident, links: incident.links.filter(({ id }) => id !== event.data.id) };
    case 'BreachImported':
      return { ...incident, breachImportedAt: incident.breachImportedAt ?? at };
    default:
      return applyMembers(incident, event);
  }
}

type Membership = Extract<
  IncidentEvent,
  { type: 'AssetAffected' | 'AssetCleared' | 'PersonAffected' | 'WatcherAdded' | 'WatcherRemoved' }
>;

function applyMembers(incident: Incident, event: Membership): Incident {
  switch (event.type) {
    case 'AssetAffected':
      return { ...incident, assets: including(incident.assets, event.data.asset) };
    case 'AssetCleared':
      return { ...incident, assets: incident.assets.filter((asset) => asset !== event.data.asset) };
    case 'PersonAffected':
      return { ...incident, affected: including(incident.affected, event.data.person) };
    case 'WatcherAdded':
      return { ...incident, watchers: including(incident.watchers, event.data.person) };
    case 'WatcherRemoved':
      return { ...incident, watchers: incident.watchers.filter((person) => person !== event.data.person) };
    default:
      return assertNever(event);
  }
}

const including = (list: readonly string[], item: string): readonly string[] =>
  list.includes(item) ? list : [...list, item];

const link = ({ id, type, target }: Link): Link => ({ id, type, target });

const coded = ({ resolution }: Incident, code: string): Incident['resolution'] =>
  resolution ? { ...resolution, code } : { code, notes: null, fix: null, verification: null };

function logged(incident: Incident, { data }: IncidentLogged, { at, envelope }: At): Incident {
  const { via } = envelope.metadata;
  const { state: _state, ...facts } = data;
  return {
    ...incident,
    ...facts,
    loggedAt: at,
    import: via.kind === 'import' ? { id: via.id, format: via.format } : null,
  };
}

function amended(incident: Incident, { data: { changes } }: DetailsAmended): Incident {
  const values = Object.entries(changes).map(([name, change]) => [name, change.to] as const);
  return { ...incident, ...(Object.fromEntries(values) as Partial<Incident>) };
}

function withFacts(
  incident: Incident,
  event: Extract<IncidentEvent, { type: 'Classified' | 'Prioritized' }>,
): Incident {
  if (event.type === 'Classified') {
    const { category, subcategory, symptom } = event.data;
    return { ...incident, category, subcategory, symptom };
  }
  const { impact, urgency, priority } = event.data;
  return { ...incident, impact, urgency, priority };
}

function handedOver(incident: Incident, { team, tier, agent }: Assignment): Incident {
  const newTeam = team !== null && team !== incident.lastKnownTeam;
  const samePair = team === incident.team && agent === incident.agent;
  return {
    ...incident,
    team,
    tier,
    agent,
    lastKnownTeam: team ?? incident.lastKnownTeam,
    reassignments: incident.reassignments + (newTeam && incident.lastKnownTeam !== null ? 1 : 0),
    tierPath: extended(incident.tierPath, tier),
    acknowledged: samePair && incident.acknowledged,
  };
}

const extended = (path: readonly number[], tier: number | null): readonly number[] =>
  tier === null || tier === path.at(-1) ? path : [...path, tier];

const acknowledged = (incident: Incident, agent: string | null, at: string): Incident => ({
  ...incident,
  agent: agent ?? incident.agent,
  acknowledged: true,
  acknowledgedAt: incident.acknowledgedAt ?? at,
});

function escalated(incident: Incident, { type, data }: Escalated | Deescalated): Incident {
  if (data.kind === 'hierarchical') return incident;
  const up = type === 'Escalated';
  const imported = data.trigger === 'import';
  const { tier } = data.to;
  const moved = imported
    ? { ...incident, tier, tierPath: extended(incident.tierPath, tier) }
    : { ...handedOver(incident, { team: data.to.team, tier, agent: null }), acknowledged: false };
  const { team } = data.from;
  const escalatedFrom = up
    ? team === null
      ? incident.escalatedFrom
      : [...incident.escalatedFrom, { team, tier: data.from.tier }]
    : incident.escalatedFrom.slice(0, -1);
  return { ...moved, escalatedFrom, escalations: incident.escalations + (up ? 1 : 0) };
}

const isDone = (state: IncidentStatus): boolean => state === 'resolved' || state === 'closed';
const isOver = (state: IncidentStatus): boolean => isDone(state) || state === 'cancelled';

/** What follows from the state that an event carries, whatever the event. */
function move(before: Incident, next: Incident, { to, at }: { to: IncidentStatus; at: string }): Incident {
  const reopened = isOver(before.state) && !isOver(to);
  return {
    ...next,
    state: to,
    reopens: next.reopens + (reopened ? 1 : 0),
    resolvedAt: isDone(to) ? (isDone(before.state) ? next.resolvedAt : at) : null,
    closedAt: to === 'closed' ? (before.state === 'closed' ? next.closedAt : at) : null,
    holdReason: to === 'on_hold' ? next.holdReason : null,
    holdUntil: to === 'on_hold' ? next.holdUntil : null,
  };
}
