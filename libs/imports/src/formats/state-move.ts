import { type Assignment, type IncidentEvent, type IncidentStatus, isOpen } from '@faultline/incidents';

/** A state and, while on hold, the reason. */
export type Standing = { readonly state: IncidentStatus; readonly holdReason: string | null };

/** What the event of a move carries beside the state: who moved it (a person's id or `unknown`), and the assignment before and after. */
export type MoveFacts = { readonly by: string; readonly before: Assignment; readonly after: Assignment };

/** Whether going from one to the other is a move; another reason while on hold is one. */
export const isMove = (from: Standing, to: Standing): boolean =>
  from.state !== to.state || (to.state === 'on_hold' && from.holdReason !== to.holdReason);

/** The event whose name says best what an imported move of state is. */
export function moveEvent(from: Standing, { state, holdReason }: Standing, facts: MoveFacts): IncidentEvent {
  switch (state) {
    case 'on_hold':
      return { type: 'PutOnHold', data: { reason: holdReason ?? 'other', note: null, until: null, state } };
    case 'resolved':
      return { type: 'Resolved', data: { code: null, notes: null, fix: null, verification: null, state } };
    case 'closed':
      return { type: 'Closed', data: { code: null, mode: 'import', state } };
    case 'cancelled':
      return { type: 'Cancelled', data: { reason: null, state } };
    default:
      return isOpen(from.state)
        ? openMove(from.state, state, facts)
        : { type: 'Reopened', data: { reason: null, state } };
  }
}

type Workable = 'new' | 'queued' | 'assigned' | 'in_progress';

function openMove(from: IncidentStatus, state: Workable, { by, before, after }: MoveFacts): IncidentEvent {
  if (state === 'in_progress') {
    return from === 'on_hold'
      ? { type: 'Resumed', data: { state } }
      : { type: 'WorkStarted', data: { by, agent: after.agent, state } };
  }
  // What was never in a queue cannot return to one: a team takes it from new to queued.
  if (state === 'assigned' || (state === 'queued' && from === 'new')) {
    return { type: 'Assigned', data: { from: before, to: after, state } };
  }
  return { type: 'ReturnedToQueue', data: { from: before, to: after, reason: null, state } };
}
