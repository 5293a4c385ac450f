import { type UndoEvents } from './incident.commands';
import { type Deescalated, type DetailsAmended, type Escalated, type IncidentEvent } from './incident.events';
import { type Incident } from './incident.state';
import { type Assignment, type IncidentStatus } from './incident.types';
import { assignmentOf, refusal, requireNotFinal, workState } from './decide.rules';

const reason = 'Undone';

/**
 * The events that make up for others, where the incident still is as they left it. Throws `incident.changed-since` where it is not,
 * and `incident.cannot-undo` for what nothing makes up for: all is undone or nothing.
 */
export const decideUndoing = ({ events }: UndoEvents, incident: Incident): readonly IncidentEvent[] =>
  [...events].reverse().flatMap(({ event, before }) => compensation(event, before, incident));

function compensation(event: IncidentEvent, before: Incident, now: Incident): readonly IncidentEvent[] {
  switch (event.type) {
    case 'Assigned':
    case 'ReturnedToQueue':
      requireAsLeft(now, isAt(now, event.data.to) && now.state === event.data.state);
      return workAsBefore(before, assignmentOf(now), now.state);
    case 'Escalated':
    case 'Deescalated':
      return rerouted(event, before, now);
    case 'PutOnHold':
    case 'Resumed':
      return waiting(event, before, now);
    case 'Resolved':
      requireAsLeft(now, now.state === 'resolved' && now.reopens === before.reopens);
      return [
        { type: 'Reopened', data: { reason, state: restingState(before, now.state) } },
        ...hold(before, now.state),
      ];
    case 'ResolutionRefused':
    case 'Reopened':
      return resolvedAgain(event, before, now);
    default:
      return compensationOfFacts(event, before, now);
  }
}

function compensationOfFacts(event: IncidentEvent, before: Incident, now: Incident): readonly IncidentEvent[] {
  switch (event.type) {
    case 'DetailsAmended':
      return detailsAsBefore(event, now);
    case 'Classified': {
      const { category, subcategory, symptom } = before;
      requireValues(now, event.data, ['category', 'subcategory', 'symptom']);
      return [{ type: 'Classified', data: { category, subcategory, symptom } }];
    }
    case 'Prioritized': {
      const { impact, urgency, priority } = before;
      requireValues(now, event.data, ['impact', 'urgency', 'priority']);
      return [{ type: 'Prioritized', data: { impact, urgency, priority, overrideReason: reason } }];
    }
    case 'ServiceRestored':
      if (before.restoredAt === null) throw final(event, now);
      requireAsLeft(now, now.restoredAt === event.data.at);
      return [{ type: 'ServiceRestored', data: { at: before.restoredAt } }];
    case 'Linked':
      requireAsLeft(
        now,
        now.links.some(({ id }) => id === event.data.id),
      );
      return [{ type: 'Unlinked', data: event.data }];
    case 'AssetAffected':
      requireNotFinal(now);
      requireAsLeft(now, now.assets.includes(event.data.asset));
      return [{ type: 'AssetCleared', data: event.data }];
    case 'WatcherAdded':
      requireAsLeft(now, now.watchers.includes(event.data.person));
      return [{ type: 'WatcherRemoved', data: event.data }];
    default:
      // What was said, done or ended stays so, and so does whatever has no opposite yet.
      throw final(event, now);
  }
}

function requireAsLeft(now: Incident, asLeft: boolean): void {
  if (!asLeft) throw refusal('incident.changed-since', now, 'The incident has changed since');
}

const final = ({ type }: IncidentEvent, now: Incident) =>
  refusal('incident.cannot-undo', now, `Nothing makes up for ${type}`);

function requireValues<Name extends keyof Incident>(
  now: Incident,
  left: { readonly [Field in Name]: unknown },
  names: readonly Name[],
): void {
  requireNotFinal(now);
  requireAsLeft(
    now,
    names.every((name) => now[name] === left[name]),
  );
}

const isAt = (now: Incident, { team, agent }: Pick<Assignment, 'team' | 'agent'>): boolean =>
  now.team === team && now.agent === agent;

/** The state before, but for a hold, which takes an event of its own to begin again. */
const restingState = (before: Incident, from: IncidentStatus): IncidentStatus =>
  before.state === 'on_hold' && from !== 'on_hold' ? workState(before) : before.state;

function hold(before: Incident, from: IncidentStatus): readonly IncidentEvent[] {
  const { state, holdReason, holdUntil: until } = before;
  if (state !== 'on_hold' || from === 'on_hold') return [];
  return [{ type: 'PutOnHold', data: { reason: holdReason ?? 'other', note: null, until, state } }];
}

function workAsBefore(before: Incident, from: Assignment, state: IncidentStatus): readonly IncidentEvent[] {
  const to = assignmentOf(before);
  const resting = restingState(before, state);
  const same = from.team === to.team && from.agent === to.agent && state === resting;
  const moved: readonly IncidentEvent[] = same ? [] : [{ type: 'Assigned', data: { from, to, state: resting } }];
  return [...moved, ...hold(before, state)];
}

function rerouted(event: Escalated | Deescalated, before: Incident, now: Incident): readonly IncidentEvent[] {
  const { kind, to, state } = event.data;
  // Attention that was drawn was drawn.
  if (kind === 'hierarchical') throw final(event, now);
  requireAsLeft(now, isAt(now, { team: to.team, agent: null }) && now.state === state);
  const { team, tier } = before;
  const back: IncidentEvent = {
    type: event.type === 'Escalated' ? 'Deescalated' : 'Escalated',
    data: {
      kind,
      from: { tier: now.tier, team: now.team, person: null },
      to: { tier, team, person: null },
      reason,
      trigger: 'manual',
      state: 'queued',
    },
  };
  return [back, ...workAsBefore(before, { team, tier, agent: null }, 'queued')];
}

function waiting(
  event: Extract<IncidentEvent, { type: 'PutOnHold' | 'Resumed' }>,
  before: Incident,
  now: Incident,
): readonly IncidentEvent[] {
  requireAsLeft(now, now.state === event.data.state && isAt(now, before));
  if (event.type === 'Resumed') return hold(before, now.state);
  requireAsLeft(now, now.holdReason === event.data.reason && now.holdUntil === event.data.until);
  if (before.state === 'on_hold') return hold(before, 'new');
  return [{ type: 'Resumed', data: { state: before.state } }];
}

function resolvedAgain(
  event: Extract<IncidentEvent, { type: 'ResolutionRefused' | 'Reopened' }>,
  before: Incident,
  now: Incident,
): readonly IncidentEvent[] {
  const { resolution } = before;
  if (before.state !== 'resolved' || resolution === null) throw final(event, now);
  const asLeft = now.state === event.data.state && now.reopens === before.reopens + 1 && isAt(now, before);
  requireAsLeft(now, asLeft);
  return [{ type: 'Resolved', data: { ...resolution, state: 'resolved' } }];
}

function detailsAsBefore({ data: { changes } }: DetailsAmended, now: Incident): readonly IncidentEvent[] {
  requireNotFinal(now);
  const entries = Object.entries(changes) as [keyof typeof changes, { from: string | null; to: string | null }][];
  requireAsLeft(
    now,
    entries.every(([name, { to }]) => now[name] === to),
  );
  const back = entries.map(([name, { from, to }]) => [name, { from: to, to: from }] as const);
  return [{ type: 'DetailsAmended', data: { changes: Object.fromEntries(back) } }];
}
