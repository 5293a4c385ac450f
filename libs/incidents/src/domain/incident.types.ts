/** The life cycle of an incident; `cancelled` and `closed` are final, but for a reopening within the window. */
export type IncidentStatus =
  'new' | 'queued' | 'assigned' | 'in_progress' | 'on_hold' | 'resolved' | 'closed' | 'cancelled';

/** Every status, in the order of the life cycle. */
export const incidentStatuses = [
  'new',
  'queued',
  'assigned',
  'in_progress',
  'on_hold',
  'resolved',
  'closed',
  'cancelled',
] as const satisfies readonly IncidentStatus[];

/** Whether work on the incident is still to be done. */
export const isOpen = (status: IncidentStatus): boolean =>
  status !== 'resolved' && status !== 'closed' && status !== 'cancelled';

/** Impact and urgency: 1 high, 2 medium, 3 low. */
export type Level = 1 | 2 | 3;

/** 1 critical, 2 high, 3 moderate, 4 low. */
export type Priority = 1 | 2 | 3 | 4;

/** Where work lies: a team's key, the support tier at which it works on it, the agent's person id. */
export type Assignment = { readonly team: string | null; readonly tier: number | null; readonly agent: string | null };

/** Temporary relief, lasting repair, or nothing was to be mended. */
export type Fix = 'workaround' | 'permanent' | 'none';

export type Visibility = 'public' | 'internal';

/** Who ended the incident. */
export type ClosureMode = 'agent' | 'requester' | 'monitoring' | 'auto' | 'import';

export type LinkType = 'parent' | 'child' | 'duplicate' | 'problem' | 'change' | 'supplier' | 'url' | 'follow-up';

export const linkTypes = [
  'parent',
  'child',
  'duplicate',
  'problem',
  'change',
  'supplier',
  'url',
  'follow-up',
] as const satisfies readonly LinkType[];

/** A reference to something else; `id` is derived from type and target, so that a link exists once. */
export type Link = { readonly id: string; readonly type: LinkType; readonly target: string };

export type Verification = { readonly how: string; readonly by: string | null };

/** What makes an escalation happen. */
export type EscalationTrigger =
  | 'manual'
  | 'unacknowledged'
  | 'unassigned'
  | 'stagnation'
  | 'time-in-tier'
  | 'ping-pong'
  | 'sla-percent'
  | 'sla-before-due'
  | 'sla-breach'
  | 'import';

export type EscalationKind = 'functional' | 'hierarchical';

/** One end of an escalation: a tier and team, or for a hierarchical one a person. */
export type EscalationParty = {
  readonly tier: number | null;
  readonly team: string | null;
  readonly person: string | null;
};

/** A value before and after an amendment. */
export type Change<Value> = { readonly from: Value; readonly to: Value };
