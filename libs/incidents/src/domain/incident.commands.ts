import { type IncidentEvent } from './incident.events';
import { type Incident } from './incident.state';
import {
  type ClosureMode,
  type Fix,
  type Level,
  type LinkType,
  type Priority,
  type Visibility,
} from './incident.types';

/** How an incident was resolved, by the one who resolves it. */
export type ResolutionDetails = {
  readonly code: string;
  readonly notes: string;
  readonly fix: Fix;
  readonly verification?: { readonly how: string; readonly by?: string };
};

/** Absent means unknown. `team`, `agent` and `resolution` assign and resolve in the same append. */
export type LogIncident = {
  readonly type: 'LogIncident';
  readonly number: string;
  readonly title: string;
  readonly description?: string;
  readonly channel?: string;
  readonly requester?: string;
  readonly service?: string;
  readonly category?: string;
  readonly subcategory?: string;
  readonly symptom?: string;
  readonly impact?: Level;
  readonly urgency?: Level;
  /** Differs from the matrix only with a `reason`. */
  readonly priority?: Priority;
  readonly assets?: readonly string[];
  readonly location?: string;
  readonly team?: string;
  readonly agent?: string;
  readonly externalKey?: string;
  readonly startedAt?: string;
  readonly reason?: string;
  readonly resolution?: ResolutionDetails;
  /** The incident that this one follows up, when that could no longer be reopened. */
  readonly followUpOf?: string;
};

/** A member that is absent stays as it is; null clears it. */
export type AmendDetails = {
  readonly type: 'AmendDetails';
  readonly title?: string;
  readonly description?: string | null;
  readonly requester?: string | null;
  readonly service?: string | null;
  readonly location?: string | null;
  readonly startedAt?: string | null;
};

export type ClassifyIncident = {
  readonly type: 'ClassifyIncident';
  readonly category?: string | null;
  readonly subcategory?: string | null;
  readonly symptom?: string | null;
};

export type PrioritizeIncident = {
  readonly type: 'PrioritizeIncident';
  readonly impact?: Level;
  readonly urgency?: Level;
  readonly priority?: Priority;
  readonly reason?: string;
};

/** A team, an agent, or both; an agent alone keeps the team. */
export type AssignIncident = { readonly type: 'AssignIncident'; readonly team?: string; readonly agent?: string };

/** The actor takes what waits in a team's queue; refused once somebody has it, were it the actor. */
export type TakeFromQueue = { readonly type: 'TakeFromQueue'; readonly team: string };

export type ReturnToQueue = { readonly type: 'ReturnToQueue'; readonly reason: string };

export type AcknowledgeIncident = { readonly type: 'AcknowledgeIncident' };

export type StartWork = { readonly type: 'StartWork' };

export type RecordDiagnosis = { readonly type: 'RecordDiagnosis'; readonly text: string };

export type ApplyWorkaround = {
  readonly type: 'ApplyWorkaround';
  readonly text: string;
  readonly knownError?: string;
};

export type AddComment = { readonly type: 'AddComment'; readonly text: string; readonly visibility: Visibility };

export type RecordEffort = { readonly type: 'RecordEffort'; readonly minutes: number };

export type PutIncidentOnHold = {
  readonly type: 'PutIncidentOnHold';
  readonly reason: string;
  readonly note?: string;
  readonly until?: string;
};

export type ResumeIncident = { readonly type: 'ResumeIncident' };

/** `to`: a team's key (functional) or a person's id (hierarchical). */
export type EscalateIncident = {
  readonly type: 'EscalateIncident';
  readonly kind: 'functional' | 'hierarchical';
  readonly to?: string;
  readonly reason: string;
};

/** `to`: a team of a lower tier; default: the team that escalated it last. */
export type DeescalateIncident = { readonly type: 'DeescalateIncident'; readonly to?: string; readonly reason: string };

export type RestoreService = { readonly type: 'RestoreService'; readonly at: string };

export type ResolveIncident = { readonly type: 'ResolveIncident' } & ResolutionDetails;

export type ConfirmResolution = { readonly type: 'ConfirmResolution' };

export type RefuseResolution = { readonly type: 'RefuseResolution'; readonly reason: string };

export type RateSatisfaction = { readonly type: 'RateSatisfaction'; readonly score: number; readonly text?: string };

export type ReopenIncident = { readonly type: 'ReopenIncident'; readonly reason: string };

export type CloseIncident = { readonly type: 'CloseIncident'; readonly mode?: ClosureMode };

export type CancelIncident = { readonly type: 'CancelIncident'; readonly reason: string };

export type LinkIncident = { readonly type: 'LinkIncident'; readonly link: LinkType; readonly target: string };

export type UnlinkIncident = { readonly type: 'UnlinkIncident'; readonly id: string };

export type AddAsset = { readonly type: 'AddAsset'; readonly asset: string };

export type ClearAsset = { readonly type: 'ClearAsset'; readonly asset: string };

export type AddAffectedPerson = { readonly type: 'AddAffectedPerson'; readonly person: string };

export type AddWatcher = { readonly type: 'AddWatcher'; readonly person: string };

export type RemoveWatcher = { readonly type: 'RemoveWatcher'; readonly person: string };

/** An event of the incident, and the incident before it. */
export type PastEvent = { readonly event: IncidentEvent; readonly before: Incident };

/** Makes up for events of the incident, in the order in which they happened, as far as it still is as they left it. */
export type UndoEvents = { readonly type: 'UndoEvents'; readonly events: readonly PastEvent[] };

/** Everything that one can ask of an incident. */
export type IncidentCommand =
  | LogIncident
  | AmendDetails
  | ClassifyIncident
  | PrioritizeIncident
  | AssignIncident
  | TakeFromQueue
  | ReturnToQueue
  | AcknowledgeIncident
  | StartWork
  | RecordDiagnosis
  | ApplyWorkaround
  | AddComment
  | RecordEffort
  | PutIncidentOnHold
  | ResumeIncident
  | EscalateIncident
  | DeescalateIncident
  | RestoreService
  | ResolveIncident
  | ConfirmResolution
  | RefuseResolution
  | RateSatisfaction
  | ReopenIncident
  | CloseIncident
  | CancelIncident
  | LinkIncident
  | UnlinkIncident
  | AddAsset
  | ClearAsset
  | AddAffectedPerson
  | AddWatcher
  | RemoveWatcher
  | UndoEvents;

/** A team as the rules of incidents see it. */
export type TeamFact = {
  readonly key: string;
  readonly tier: number | null;
  /** The team that takes over next; per category where one is given. */
  readonly escalatesTo: string | null;
  readonly escalatesToByCategory: Readonly<Record<string, string>>;
  readonly retired: boolean;
};

/** What the rules need to know beyond the incident's own stream. */
export type IncidentFacts = {
  readonly team: (key: string) => TeamFact | undefined;
  /** Every team, retired ones too. */
  readonly teams: () => readonly TeamFact[];
  readonly hasService: (key: string) => boolean;
  readonly hasPerson: (id: string) => boolean;
  /** The matrix: impact × urgency → priority. */
  readonly priorityOf: (impact: Level, urgency: Level) => Priority;
  readonly holdReasons: ReadonlySet<string>;
  /** Undefined where the catalog accepts codes and categories that it does not list. */
  readonly resolutionCodes: ReadonlySet<string> | undefined;
  readonly hasCategory: (category: string, subcategory: string | null) => boolean;
  /** How long after closure a closed incident may be reopened, in milliseconds. */
  readonly reopenWindowMs: number;
};
