import { isSealed, type Json, type RecordedEvent } from '@faultline/kernel';

/** Collects the ids of the keys under which an event's fields are sealed. */
export function collectKeys({ data, metadata }: RecordedEvent, ids: Set<string>): void {
  collect(data, ids);
  collect(metadata.reason ?? null, ids);
}

function collect(value: Json | undefined, ids: Set<string>): void {
  if (typeof value !== 'object' || value === null) return;
  if (isSealed(value)) {
    ids.add(value.key);
    return;
  }
  for (const member of Object.values(value as Readonly<Record<string, Json | undefined>>)) collect(member, ids);
}
