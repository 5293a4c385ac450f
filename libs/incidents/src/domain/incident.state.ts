import {
  type Fix,
  type IncidentStatus,
  type Level,
  type Link,
  type Priority,
  type Verification,
} from './incident.types';

/** An incident as its events tell it; the read model and every as-of answer are this same fold. */
export type Incident = {
  /** Null until it was logged. */
  readonly number: string | null;
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
  readonly externalKey: string | null;
  readonly team: string | null;
  readonly tier: number | null;
  readonly agent: string | null;
  /** The last team that was known, for counting reassignments across stretches without one. */
  readonly lastKnownTeam: string | null;
  /** Tiers in the order in which they had it, repeats folded. */
  readonly tierPath: readonly number[];
  /** Teams that escalated it onwards functionally, latest last, with the tier at which they had it. */
  readonly escalatedFrom: readonly { readonly team: string; readonly tier: number | null }[];
  readonly holdReason: string | null;
  readonly holdUntil: string | null;
  readonly reassignments: number;
  readonly reopens: number;
  readonly escalations: number;
  readonly effortMinutes: number;
  /** Whether the agent or team that has it now has acknowledged it. */
  readonly acknowledged: boolean;
  readonly loggedAt: string | null;
  readonly startedAt: string | null;
  /** First acknowledgement, or first start of work. */
  readonly acknowledgedAt: string | null;
  /** Set once work began; a requester may no longer amend or withdraw. */
  readonly workStartedAt: string | null;
  readonly restoredAt: string | null;
  /** The last move into resolved or closed from a state that is neither; null while open or cancelled. */
  readonly resolvedAt: string | null;
  readonly closedAt: string | null;
  /** When the imported breach of a clock was judged; null without one. */
  readonly breachImportedAt: string | null;
  readonly updatedAt: string | null;
  readonly resolution: {
    readonly code: string | null;
    readonly notes: string | null;
    readonly fix: Fix | null;
    readonly verification: Verification | null;
  } | null;
  readonly confirmed: boolean;
  readonly satisfaction: { readonly score: number; readonly text: string | null } | null;
  readonly links: readonly Link[];
  readonly watchers: readonly string[];
  readonly affected: readonly string[];
  /** The import that brought it, if one did. */
  readonly import: { readonly id: string; readonly format: string } | null;
};
