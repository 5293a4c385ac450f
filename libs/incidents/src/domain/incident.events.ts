import { type EventSchemas } from '@faultline/kernel';
import {
  type Assignment,
  type Change,
  type ClosureMode,
  type EscalationKind,
  type EscalationParty,
  type EscalationTrigger,
  type Fix,
  type IncidentStatus,
  type Level,
  type Link,
  type Priority,
  type Verification,
  type Visibility,
} from './incident.types';

// Each event that can move the state carries the resulting one: `evolve` never infers it. Persons are ids; unknown is null.

export type IncidentLogged = {
  readonly type: 'IncidentLogged';
  readonly data: {
    readonly number: string;
    readonly state: IncidentStatus;
    readonly title: string | null;
    readonly description: string | null;
    readonly channel: string | null;
    readonly requester: string | null;
    readonly loggedBy: string | null;
    readonly service: string | null;
    readonly category: string | null;
    readonly subcategory: string | null;
    readonly symptom: string | null;
    readonly impact: Level | null;
    readonly urgency: Level | null;
    readonly priority: Priority | null;
    readonly assets: readonly string[];
    readonly location: string | null;
    readonly startedAt: string | null;
    readonly externalKey: string | null;
  };
};

/** The details that may be amended, by name. */
export type DetailChanges = {
  readonly title?: Change<string | null>;
  readonly description?: Change<string | null>;
  readonly requester?: Change<string | null>;
  readonly service?: Change<string | null>;
  readonly location?: Change<string | null>;
  readonly startedAt?: Change<string | null>;
};

export type DetailsAmended = { readonly type: 'DetailsAmended'; readonly data: { readonly changes: DetailChanges } };

export type Classified = {
  readonly type: 'Classified';
  readonly data: {
    readonly category: string | null;
    readonly subcategory: string | null;
    readonly symptom: string | null;
  };
};

export type Prioritized = {
  readonly type: 'Prioritized';
  readonly data: {
    readonly impact: Level | null;
    readonly urgency: Level | null;
    readonly priority: Priority | null;
    /** Why the priority differs from the matrix; null where it follows it. */
    readonly overrideReason: string | null;
  };
};

type Move = { readonly from: Assignment; readonly to: Assignment; readonly state: IncidentStatus };

export type Assigned = { readonly type: 'Assigned'; readonly data: Move };

export type ReturnedToQueue = {
  readonly type: 'ReturnedToQueue';
  readonly data: Move & { readonly reason: string | null };
};

type TakenUp = { readonly by: string; readonly agent: string | null; readonly state: IncidentStatus };

export type Acknowledged = { readonly type: 'Acknowledged'; readonly data: TakenUp };

export type WorkStarted = { readonly type: 'WorkStarted'; readonly data: TakenUp };

type Escalation = {
  readonly kind: EscalationKind;
  readonly from: EscalationParty;
  readonly to: EscalationParty;
  readonly reason: string | null;
  readonly trigger: EscalationTrigger;
  readonly state: IncidentStatus;
};

export type Escalated = { readonly type: 'Escalated'; readonly data: Escalation };

export type Deescalated = { readonly type: 'Deescalated'; readonly data: Escalation };

export type DiagnosisRecorded = { readonly type: 'DiagnosisRecorded'; readonly data: { readonly text: string } };

export type WorkaroundApplied = {
  readonly type: 'WorkaroundApplied';
  readonly data: { readonly text: string; readonly knownError: string | null };
};

export type CommentAdded = {
  readonly type: 'CommentAdded';
  readonly data: { readonly text: string; readonly visibility: Visibility };
};

export type EffortRecorded = { readonly type: 'EffortRecorded'; readonly data: { readonly minutes: number } };

/** A row of an import that says nothing that we model: the names of the columns that changed. */
export type UpdateImported = {
  readonly type: 'UpdateImported';
  readonly data: { readonly columns: readonly string[] };
};

export type PutOnHold = {
  readonly type: 'PutOnHold';
  readonly data: {
    readonly reason: string;
    readonly note: string | null;
    readonly until: string | null;
    readonly state: IncidentStatus;
  };
};

export type Resumed = { readonly type: 'Resumed'; readonly data: { readonly state: IncidentStatus } };

export type ServiceRestored = { readonly type: 'ServiceRestored'; readonly data: { readonly at: string } };

export type Resolved = {
  readonly type: 'Resolved';
  readonly data: {
    readonly code: string | null;
    readonly notes: string | null;
    readonly fix: Fix | null;
    readonly verification: Verification | null;
    readonly state: IncidentStatus;
  };
};

export type ResolutionConfirmed = {
  readonly type: 'ResolutionConfirmed';
  readonly data: { readonly by: string; readonly mode: ClosureMode; readonly state: IncidentStatus };
};

export type ResolutionRefused = {
  readonly type: 'ResolutionRefused';
  readonly data: { readonly by: string; readonly reason: string; readonly state: IncidentStatus };
};

export type Reopened = {
  readonly type: 'Reopened';
  readonly data: { readonly reason: string | null; readonly state: IncidentStatus };
};

export type Closed = {
  readonly type: 'Closed';
  readonly data: { readonly code: string | null; readonly mode: ClosureMode; readonly state: IncidentStatus };
};

export type Cancelled = {
  readonly type: 'Cancelled';
  readonly data: { readonly reason: string | null; readonly state: IncidentStatus };
};

export type SatisfactionRated = {
  readonly type: 'SatisfactionRated';
  readonly data: { readonly score: number; readonly text: string | null };
};

export type Linked = { readonly type: 'Linked'; readonly data: Link };

export type Unlinked = { readonly type: 'Unlinked'; readonly data: Link };

/** What another tool judged about one of its clocks; kept apart from our own clocks. */
export type BreachImported = { readonly type: 'BreachImported'; readonly data: { readonly clock: 'resolution' } };

export type AssetAffected = { readonly type: 'AssetAffected'; readonly data: { readonly asset: string } };

export type AssetCleared = { readonly type: 'AssetCleared'; readonly data: { readonly asset: string } };

export type PersonAffected = { readonly type: 'PersonAffected'; readonly data: { readonly person: string } };

export type WatcherAdded = { readonly type: 'WatcherAdded'; readonly data: { readonly person: string } };

export type WatcherRemoved = { readonly type: 'WatcherRemoved'; readonly data: { readonly person: string } };

/** Everything that can have happened to an incident. */
export type IncidentEvent =
  | IncidentLogged
  | DetailsAmended
  | Classified
  | Prioritized
  | Assigned
  | ReturnedToQueue
  | Acknowledged
  | WorkStarted
  | Escalated
  | Deescalated
  | DiagnosisRecorded
  | WorkaroundApplied
  | CommentAdded
  | EffortRecorded
  | UpdateImported
  | PutOnHold
  | Resumed
  | ServiceRestored
  | Resolved
  | ResolutionConfirmed
  | ResolutionRefused
  | Reopened
  | Closed
  | Cancelled
  | SatisfactionRated
  | Linked
  | Unlinked
  | BreachImported
  | AssetAffected
  | AssetCleared
  | PersonAffected
  | WatcherAdded
  | WatcherRemoved;

/** Schema versions and personal fields (names, free text by or about a person) of every stored type of this context. */
export const incidentEventSchemas: EventSchemas<IncidentEvent['type']> = {
  IncidentLogged: { version: 1, personal: ['title', 'description'] },
  DetailsAmended: {
    version: 1,
    personal: ['changes.title.from', 'changes.title.to', 'changes.description.from', 'changes.description.to'],
  },
  Classified: { version: 1 },
  Prioritized: { version: 1, personal: ['overrideReason'] },
  Assigned: { version: 1 },
  ReturnedToQueue: { version: 1, personal: ['reason'] },
  Acknowledged: { version: 1 },
  WorkStarted: { version: 1 },
  Escalated: { version: 1, personal: ['reason'] },
  Deescalated: { version: 1, personal: ['reason'] },
  DiagnosisRecorded: { version: 1, personal: ['text'] },
  WorkaroundApplied: { version: 1, personal: ['text'] },
  CommentAdded: { version: 1, personal: ['text'] },
  EffortRecorded: { version: 1 },
  UpdateImported: { version: 1 },
  PutOnHold: { version: 1, personal: ['note'] },
  Resumed: { version: 1 },
  ServiceRestored: { version: 1 },
  Resolved: { version: 1, personal: ['notes', 'verification.how'] },
  ResolutionConfirmed: { version: 1 },
  ResolutionRefused: { version: 1, personal: ['reason'] },
  Reopened: { version: 1, personal: ['reason'] },
  Closed: { version: 1 },
  Cancelled: { version: 1, personal: ['reason'] },
  SatisfactionRated: { version: 1, personal: ['text'] },
  Linked: { version: 1 },
  Unlinked: { version: 1 },
  BreachImported: { version: 1 },
  AssetAffected: { version: 1 },
  AssetCleared: { version: 1 },
  PersonAffected: { version: 1 },
  WatcherAdded: { version: 1 },
  WatcherRemoved: { version: 1 },
};
