import { type RecordedEvent } from '@faultline/kernel';
import { type EventFilter } from '../event-store.port';

/** Whether an event is one of the store's own, such as a stream's metadata or a projection's link: those never appear. */
export const isSystemEvent = ({ stream, type }: RecordedEvent): boolean =>
  stream.charCodeAt(0) === dollar || type.charCodeAt(0) === dollar;

const dollar = 0x24;

/** A test for what a filter lets through, system events always left out. */
export function selection(filter: EventFilter | undefined): (event: RecordedEvent) => boolean {
  if (!filter) return (event) => !isSystemEvent(event);
  const { streamPrefixes } = filter;
  const types = filter.eventTypes && new Set(filter.eventTypes);
  return (event) =>
    !isSystemEvent(event) &&
    (!types || types.has(event.type)) &&
    (!streamPrefixes || streamPrefixes.some((prefix) => event.stream.startsWith(prefix)));
}
