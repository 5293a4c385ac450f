import { type IncidentEvent } from '@faultline/incidents';

/**
 * The event without what a later export of the same history may say otherwise: the code of a resolution or closure, which belongs to
 * the last one and moves on when another follows. Two imports agree on an event if type, time and settled content are the same.
 */
export function settledContent(event: IncidentEvent): IncidentEvent {
  if (event.type === 'Resolved') return { type: 'Resolved', data: { ...event.data, code: null } };
  if (event.type === 'Closed') return { type: 'Closed', data: { ...event.data, code: null } };
  return event;
}
