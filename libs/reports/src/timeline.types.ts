import { type IncidentStatus } from '@faultline/incidents';
import { type ReadDocument } from '@faultline/read-store';

/** What a report can filter and group by and an event can change, by name. Null is unknown. */
export type TimelineValues = {
  readonly state: IncidentStatus;
  readonly priority: number | null;
  readonly team: string | null;
  readonly tier: number | null;
  readonly agent: string | null;
  readonly service: string | null;
  readonly category: string | null;
  readonly subcategory: string | null;
  readonly symptom: string | null;
  readonly location: string | null;
  readonly channel: string | null;
  readonly requester: string | null;
  /** Null but while on hold. */
  readonly holdReason: string | null;
  /** The one that was affected last is the last. */
  readonly assets: readonly string[];
};

/** Every member of {@link TimelineValues}. */
export const valueNames = [
  'state',
  'priority',
  'team',
  'tier',
  'agent',
  'service',
  'category',
  'subcategory',
  'symptom',
  'location',
  'channel',
  'requester',
  'holdReason',
  'assets',
] as const satisfies readonly (keyof TimelineValues)[];

/**
 * What reports count as having happened: a change of team compared with the last known one; a move from resolved, closed or
 * cancelled to none of them; a move to hold or another reason while on hold; a functional escalation or de-escalation; a move into
 * resolved or closed from neither; the first imported breach; the first acknowledgement.
 */
export type Moment =
  'reassigned' | 'reopened' | 'held' | 'escalated' | 'deescalated' | 'resolved' | 'breached' | 'acknowledged';

/** Every moment. */
export const moments = [
  'reassigned',
  'reopened',
  'held',
  'escalated',
  'deescalated',
  'resolved',
  'breached',
  'acknowledged',
] as const satisfies readonly Moment[];

/** One event that changed a value or is counted: `at` in ms since the epoch, and of the values only those that changed. */
export type TimelineRow = Partial<TimelineValues> & { readonly at: number; readonly moments?: readonly Moment[] };

/** The values after the last row, and what the next moments are judged by. */
export type TimelineEnd = TimelineValues & {
  readonly knownTeam: string | null;
  readonly acknowledged: boolean;
  readonly breached: boolean;
};

/** The compact history of one incident, in stream order; the first row is its logging and starts from nothing known. */
export type TimelineDocument = ReadDocument & {
  /** `unjudged`: the import's file did not say whether service levels were kept. */
  readonly import: { readonly id: string; readonly format: string; readonly unjudged?: true } | null;
  readonly rows: readonly TimelineRow[];
  readonly end: TimelineEnd;
};
