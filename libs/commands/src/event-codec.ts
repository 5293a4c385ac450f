import {
  type EventSchemas,
  type RecordedEvent,
  isSealed,
  type Json,
  type JsonObject,
  replaceFields,
  upcast,
} from '@faultline/kernel';
import { type DataKey, type KeyStore, openField, sealField } from '@faultline/key-store';

/** What stands in for a reason or field whose key was destroyed. */
const erased = null;

const eventsAtATime = 256;

function collectKeyIds(value: unknown, ids: Set<string>): void {
  if (typeof value !== 'object' || value === null) return;
  if (isSealed(value)) ids.add(value.key);
  else for (const member of Object.values(value)) collectKeyIds(member, ids);
}

/** The ids of the keys under which fields of these events are sealed, each once. */
export function sealedKeyIds(events: readonly Pick<RecordedEvent, 'data' | 'metadata'>[]): string[] {
  const ids = new Set<string>();
  for (const { data, metadata } of events) {
    collectKeyIds(data, ids);
    collectKeyIds(metadata.reason, ids);
  }
  return [...ids];
}

/**
 * Between events as the domain knows them and events as the log holds them: seals personal fields on the way in, opens them and
 * brings old schema versions up to date on the way out.
 */
export class EventCodec {
  constructor(
    private readonly schemas: EventSchemas,
    private readonly keys: KeyStore,
  ) {}

  /** The current schema version of a type. Throws for a type that no context declares: it must never reach the log. */
  version(type: string): number {
    const schema = this.schemas[type];
    if (!schema) throw new Error(`No context declares the event type ${type}`);
    return schema.version;
  }

  /** Whether the event holds anything that must be sealed. */
  hasPersonalData(type: string, data: JsonObject): boolean {
    let found = false;
    replaceFields(data, this.schemas[type]?.personal ?? [], (value) => {
      found = true;
      return value;
    });
    return found;
  }

  /** `data` with its personal fields sealed under `key`. */
  seal(type: string, data: JsonObject, key: DataKey): JsonObject {
    return replaceFields(data, this.schemas[type]?.personal ?? [], (value) => sealField(value, key));
  }

  /**
   * The events in clear text and in the current schema version, whoever made their keys; fields whose key was destroyed are null.
   * Throws StoreUnavailable where a key is out of reach, and an error where a field was tampered with.
   */
  async openAll(events: readonly RecordedEvent[]): Promise<RecordedEvent[]> {
    const ids = sealedKeyIds(events);
    if (ids.length > 0) await this.keys.prepare(ids);
    return events.map((event) => this.open(event));
  }

  /** A finite sequence of events as {@link openAll} answers them, read some at a time, so that their keys are fetched together. */
  async *openEach(events: AsyncIterable<RecordedEvent>): AsyncGenerator<RecordedEvent> {
    let batch: RecordedEvent[] = [];
    for await (const event of events) {
      batch.push(event);
      if (batch.length < eventsAtATime) continue;
      yield* await this.openAll(batch);
      batch = [];
    }
    yield* await this.openAll(batch);
  }

  /** The event as {@link openAll} answers it, by the keys that are prepared already. */
  open(event: RecordedEvent): RecordedEvent {
    const current = upcast(event, this.schemas);
    const personal = this.schemas[current.type]?.personal;
    const data = personal ? replaceFields(current.data, personal, (value) => this.openValue(value)) : current.data;
    const { reason } = current.metadata;
    if (!isSealed(reason)) return data === current.data ? current : { ...current, data };
    const clear = this.openValue(reason);
    return { ...current, data, metadata: { ...current.metadata, reason: typeof clear === 'string' ? clear : erased } };
  }

  private openValue(value: Json): Json {
    return isSealed(value) ? openField(value, this.keys) : value;
  }
}
