import { type EventSchemas } from './decider';
import { type RecordedEvent } from './events';
import { type JsonObject } from './json';

/** The event with its data brought to the current version of its schema. An unknown type or a newer version is handed on as it is. */
export function upcast(event: RecordedEvent, schemas: EventSchemas): RecordedEvent {
  const schema = schemas[event.type];
  if (!schema?.upcasters || event.metadata.schemaVersion >= schema.version) return event;
  let data: object = event.data;
  for (let version = event.metadata.schemaVersion; version < schema.version; version += 1) {
    data = schema.upcasters[version]?.(data as never) ?? data;
  }
  return { ...event, data: data as JsonObject };
}
