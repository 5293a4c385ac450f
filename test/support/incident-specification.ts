import {
  type Incident,
  type IncidentCommand,
  incidentDecider,
  type IncidentEvent,
  type IncidentFacts,
  type TeamFact,
} from '@faultline/incidents';
import { DeciderSpecification } from './decider-specification';

const day = 86_400_000;

const team = (key: string, tier: number | null, more: Partial<TeamFact> = {}): TeamFact => ({
  key,
  tier,
  escalatesTo: null,
  escalatesToByCategory: {},
  retired: false,
  ...more,
});

const teams = [
  team('desk', 1, { escalatesTo: 'second', escalatesToByCategory: { network: 'networks' } }),
  team('second', 2, { escalatesTo: 'third' }),
  team('networks', 2),
  team('third', 3),
  team('old', 2, { retired: true }),
];

/** A world of a few teams, services and persons. */
export const facts: IncidentFacts = {
  team: (key) => teams.find((candidate) => candidate.key === key),
  teams: () => teams,
  hasService: (key) => key === 'mail',
  hasPerson: (id) => ['someone', 'ann', 'bo', 'agent'].includes(id),
  priorityOf: (impact, urgency) => Math.min(impact + urgency - 1, 4) as 1 | 2 | 3 | 4,
  holdReasons: new Set(['caller', 'supplier']),
  resolutionCodes: undefined,
  hasCategory: () => true,
  reopenWindowMs: 14 * day,
};

type Data<Type extends IncidentEvent['type']> = Extract<IncidentEvent, { type: Type }>['data'];

/** The event of logging, with what a test cares about. */
export const logged = (more: Partial<Data<'IncidentLogged'>> = {}): IncidentEvent => ({
  type: 'IncidentLogged',
  data: {
    number: 'INC0000001',
    state: 'new',
    title: 'It does not work',
    description: null,
    channel: null,
    requester: 'ann',
    loggedBy: 'someone',
    service: null,
    category: null,
    subcategory: null,
    symptom: null,
    impact: null,
    urgency: null,
    priority: null,
    assets: [],
    location: null,
    startedAt: null,
    externalKey: null,
    ...more,
  },
});

/** The event of an assignment. */
export const assigned = (to: string, tier: number | null, agent: string | null = null): IncidentEvent => ({
  type: 'Assigned',
  data: {
    from: { team: null, tier: null, agent: null },
    to: { team: to, tier, agent },
    state: agent === null ? 'queued' : 'assigned',
  },
});

export const workStarted: IncidentEvent = {
  type: 'WorkStarted',
  data: { by: 'agent', agent: 'agent', state: 'in_progress' },
};

export const onHold = (reason = 'caller'): IncidentEvent => ({
  type: 'PutOnHold',
  data: { reason, note: null, until: null, state: 'on_hold' },
});

export const resolved: IncidentEvent = {
  type: 'Resolved',
  data: { code: 'solved', notes: 'Done', fix: 'permanent', verification: null, state: 'resolved' },
};

export const closed: IncidentEvent = { type: 'Closed', data: { code: null, mode: 'agent', state: 'closed' } };

export const cancelled: IncidentEvent = { type: 'Cancelled', data: { reason: 'Twice', state: 'cancelled' } };

type Specification = DeciderSpecification<Incident, IncidentCommand, IncidentEvent, IncidentFacts>;

/** What an incident has been through. */
export const incident = (more: Partial<IncidentFacts> = {}): Specification =>
  new DeciderSpecification(incidentDecider, { facts: { ...facts, ...more } });
