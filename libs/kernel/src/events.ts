import { type JsonObject } from './json';
import { type Sealed } from './sealed';

/** Who did something: a person, a service (a monitoring system, an integration) or a saga of ours. */
export type Actor = { readonly id: string; readonly kind: 'person' | 'service' | 'saga' };

/** The way by which an event came in. */
export type Via =
  | { readonly kind: 'api-key'; readonly id: string }
  | { readonly kind: 'saga'; readonly name: string }
  | { readonly kind: 'system' }
  | {
      readonly kind: 'import';
      readonly id: string;
      readonly format: string;
      /** SHA-256 of the file's (uncompressed) bytes, lower-case hex. */
      readonly digest: string;
      /** The line of the file, counted from 1; absent for what follows from the file as a whole. */
      readonly line?: number;
      /** Who ran the import. */
      readonly importer: string;
      /** Set where the file lacks the column by which its format says whether service levels were kept. */
      readonly unjudged?: true;
    };

/** The metadata of every event, from the first one on; times are ISO 8601 in UTC. */
export type Metadata = {
  /** When we wrote it down. */
  readonly recordedAt: string;
  /** When it happened, by business time. */
  readonly occurredAt: string;
  readonly actor: Actor;
  readonly onBehalfOf?: string;
  readonly via: Via;
  /** Why, in the actor's words: free text, so sealed in the log and clear text only where events are read. */
  readonly reason?: string | Sealed | null;
  readonly $correlationId: string;
  readonly $causationId: string;
  /** The command that decided it; the ids of its events derive from it. */
  readonly commandId: string;
  /** A keyed digest of the request's body, where an `Idempotency-Key` came with it. */
  readonly commandDigest?: string;
  /** The version of the schema of `data`; older ones are read through an upcaster. */
  readonly schemaVersion: number;
  /** The link in its stream's hash chain: 64 lower-case hex digits. */
  readonly hash: string;
};

/** What an append takes: `id` is a UUID, `type` the event's name, both payloads JSON. */
export type NewEvent<Type extends string = string, Data = JsonObject> = {
  readonly id: string;
  readonly type: Type;
  readonly data: Data;
  readonly metadata: Metadata;
};

/** An event as it stands in the log. */
export type RecordedEvent<Type extends string = string, Data = JsonObject> = NewEvent<Type, Data> & {
  readonly stream: string;
  /** Its number in its stream, contiguous from 0. */
  readonly revision: number;
  /** Its place in the whole log: opaque, of fixed width, compares as text. */
  readonly position: string;
};

/** A domain event before it has an envelope. */
export type DomainEvent = { readonly type: string; readonly data: object };
