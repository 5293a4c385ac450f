import { type IncidentEvent, type IncidentStatus, isOpen } from '@faultline/incidents';
import { type Moment, type TimelineEnd, type TimelineRow, type TimelineValues, valueNames } from './timeline.types';

/** An event as the fold needs it: `at` in ms since the epoch. */
export type TimelineStep = { readonly event: IncidentEvent; readonly at: number; readonly imported: boolean };

/** The end of a timeline that has not begun. */
export type TimelineStart = Omit<TimelineEnd, 'state'> & { readonly state: null };

/** Nothing is known yet, not even a state. */
export const timelineStart: TimelineStart = {
  state: null,
  priority: null,
  team: null,
  tier: null,
  agent: null,
  service: null,
  category: null,
  subcategory: null,
  symptom: null,
  location: null,
  channel: null,
  requester: null,
  holdReason: null,
  assets: [],
  knownTeam: null,
  acknowledged: false,
  breached: false,
};

/** The row that an event adds and the end after it; null where it changes no value and is no moment. */
export function foldStep(
  before: TimelineEnd | TimelineStart,
  step: TimelineStep,
): { readonly row: TimelineRow; readonly end: TimelineEnd } | null {
  const after = valuesAfter(before, step.event);
  const happened = momentsOf(before, after, step);
  const changes = changesOf(before, after);
  if (happened.length === 0 && Object.keys(changes).length === 0) return null;
  const end = {
    ...after,
    knownTeam: after.team ?? before.knownTeam,
    acknowledged: before.acknowledged || happened.includes('acknowledged'),
    breached: before.breached || happened.includes('breached'),
  };
  return { row: { at: step.at, ...changes, ...(happened.length > 0 && { moments: happened }) }, end };
}

type Values = Omit<TimelineValues, 'state'> & { readonly state: IncidentStatus | null };

function valuesAfter(before: Values, event: IncidentEvent): TimelineValues {
  const values = withState(before, 'state' in event.data ? event.data.state : (before.state ?? 'new'));
  switch (event.type) {
    case 'IncidentLogged': {
      const { priority, service, category, subcategory, symptom, location, channel, requester, assets } = event.data;
      const distinct = [...new Set(assets)];
      return {
        ...values,
        ...{ priority, service, category, subcategory, symptom, location, channel, requester, assets: distinct },
      };
    }
    case 'DetailsAmended':
      return { ...values, ...amendments(event.data.changes) };
    case 'Classified': {
      const { category, subcategory, symptom } = event.data;
      return { ...values, category, subcategory, symptom };
    }
    case 'Prioritized':
      return { ...values, priority: event.data.priority };
    case 'Assigned':
    case 'ReturnedToQueue': {
      const { team, tier, agent } = event.data.to;
      return { ...values, team, tier, agent };
    }
    case 'Acknowledged':
    case 'WorkStarted':
      return { ...values, agent: event.data.agent ?? values.agent };
    case 'Escalated':
    case 'Deescalated':
      return event.data.kind === 'functional' ? { ...values, ...escalation(event.data) } : values;
    case 'PutOnHold':
      return { ...values, holdReason: values.state === 'on_hold' ? event.data.reason : null };
    case 'AssetAffected':
      return { ...values, assets: [...values.assets.filter((other) => other !== event.data.asset), event.data.asset] };
    case 'AssetCleared': {
      const { asset } = event.data;
      return { ...values, assets: values.assets.filter((other) => other !== asset) };
    }
    default:
      return values;
  }
}

const withState = (values: Values, state: IncidentStatus): TimelineValues => ({
  ...values,
  state,
  holdReason: state === 'on_hold' ? values.holdReason : null,
});

/** In an import the assignment says who has it, before or after; the escalation itself tells the step between tiers. */
const escalation = ({ to: { team, tier }, trigger }: Escalation): Partial<TimelineValues> =>
  trigger === 'import' ? { tier } : { team, tier, agent: null };

type Escalation = Extract<IncidentEvent, { type: 'Escalated' }>['data'];

function amendments(
  changes: Extract<IncidentEvent, { type: 'DetailsAmended' }>['data']['changes'],
): Partial<TimelineValues> {
  const { service, location, requester } = changes;
  return {
    ...(service && { service: service.to }),
    ...(location && { location: location.to }),
    ...(requester && { requester: requester.to }),
  };
}

const isEnded = (state: IncidentStatus | null): boolean => state === 'resolved' || state === 'closed';

function momentsOf(
  before: TimelineEnd | TimelineStart,
  after: TimelineValues,
  { event, imported }: TimelineStep,
): Moment[] {
  const held = after.state === 'on_hold' && (before.state !== 'on_hold' || before.holdReason !== after.holdReason);
  const functional = 'kind' in event.data && event.data.kind === 'functional';
  const takenUp =
    event.type === 'Acknowledged' ||
    event.type === 'WorkStarted' ||
    (imported && after.state === 'in_progress' && before.state !== 'in_progress');
  const facts: Record<Moment, boolean> = {
    reassigned: after.team !== null && before.knownTeam !== null && after.team !== before.knownTeam,
    reopened: before.state !== null && !isOpen(before.state) && isOpen(after.state),
    held,
    escalated: functional && event.type === 'Escalated',
    deescalated: functional && event.type === 'Deescalated',
    resolved: isEnded(after.state) && !isEnded(before.state),
    breached: event.type === 'BreachImported' && !before.breached,
    acknowledged: takenUp && !before.acknowledged,
  };
  return (Object.keys(facts) as Moment[]).filter((moment) => facts[moment]);
}

function changesOf(before: Values, after: TimelineValues): Partial<TimelineValues> {
  const changed = valueNames.filter((name) =>
    name === 'assets' ? !sameList(before.assets, after.assets) : before[name] !== after[name],
  );
  return Object.fromEntries(changed.map((name) => [name, after[name]]));
}

const sameList = (one: readonly string[], other: readonly string[]): boolean =>
  one.length === other.length && one.every((member, index) => member === other[index]);
