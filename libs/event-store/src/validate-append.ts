import { isUuid, type NewEvent } from '@faultline/kernel';
import { InvalidAppend } from './event-store.errors';
import { maxAppendBytes } from './event-store.port';

const maxNameBytes = 1_000;

const controls = /[\u0000-\u001f\u007f]/;

/** Refuses, before anything is written, what the port's rules forbid; returns the events with ids in lower case. */
export function validateAppend(stream: string, events: readonly NewEvent[]): readonly NewEvent[] {
  if (stream === '' || stream.startsWith('$') || controls.test(stream) || Buffer.byteLength(stream) > maxNameBytes) {
    throw new InvalidAppend('stream-name', `${JSON.stringify(stream)} is no name for a stream`);
  }
  if (events.length === 0) throw new InvalidAppend('no-events', 'An append needs at least one event');
  let size = 0;
  for (const { id, data, metadata } of events) {
    if (!isUuid(id)) throw new InvalidAppend('event-id', `${id} is no UUID`);
    size += Buffer.byteLength(JSON.stringify(data)) + Buffer.byteLength(JSON.stringify(metadata));
  }
  if (size > maxAppendBytes) {
    throw new InvalidAppend(
      'too-large',
      `An append holds ${maxAppendBytes} bytes at most, not ${size}`,
      maxAppendBytes,
      size,
    );
  }
  return events.map((event) => ({ ...event, id: event.id.toLowerCase() }));
}
