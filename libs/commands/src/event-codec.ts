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

  /** The event in clear text and in the current schema version; fields whose key was destroyed are null. */
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
