import {
  type Actor,
  type Clock,
  deriveId,
  type DomainEvent,
  hashEvent,
  genesisHash,
  type JsonObject,
  type Metadata,
  type NewEvent,
  toInstant,
  type Via,
} from '@faultline/kernel';
import { type EventStore, OutcomeUnknown } from '@faultline/event-store';
import { type DataKey, type KeyStore, sealField } from '@faultline/key-store';
import { type EventCodec } from './event-codec';

/** Where a stream ends: its last revision and the hash there. */
export type StreamEnd = { readonly revision: number; readonly hash: string };

/** Before the first event. */
export const noStream: StreamEnd = { revision: -1, hash: genesisHash };

/** An event that is about to be written; what it leaves out comes from the {@link Draft} around it. */
export type DraftEvent = {
  readonly event: DomainEvent;
  readonly id?: string;
  readonly occurredAt?: string;
  readonly actor?: Actor;
  readonly via?: Via;
};

/** One append: the events of one stream, with what their envelopes share. */
export type Draft = {
  readonly stream: string;
  readonly end: StreamEnd;
  readonly events: readonly DraftEvent[];
  readonly commandId: string;
  readonly commandDigest?: string;
  readonly occurredAt: string;
  readonly actor: Actor;
  readonly onBehalfOf?: string;
  readonly via: Via;
  readonly reason?: string;
  readonly correlationId: string;
  readonly causationId: string;
  /** Whose personal data the events hold: a person's id. */
  readonly subject: string;
};

/** What an append wrote: the events as the log holds them, and the end of the stream after them. */
export type Written = { readonly events: readonly NewEvent[]; readonly end: StreamEnd; readonly position: string };

const attemptsAtUnknownOutcome = 5;
/** For how long an append whose outcome is unknown is repeated where nothing else is said. */
const defaultPatienceMs = 5_000;

/** What a writer works with. */
export type WriterServices = {
  readonly store: EventStore;
  readonly codec: EventCodec;
  readonly keys: KeyStore;
  readonly clock: Clock;
  /** An append whose outcome is still unknown after so many milliseconds is not repeated once more (default 5,000). */
  readonly patienceMs?: number;
};

/** Gives events their envelope (ids, times, actor, hash chain), seals what is personal, and appends. */
export class EventWriter {
  constructor(private readonly services: WriterServices) {}

  /**
   * Appends a draft at the end it names. Throws what {@link EventStore.append} throws, but repeats an append whose outcome is unknown,
   * unless it took so long to fail that whoever waits for it would wait in vain.
   */
  async write(draft: Draft): Promise<Written> {
    const key = await this.keyFor(draft);
    const events = this.envelope(draft, key);
    const expected = draft.end.revision < 0 ? 'no-stream' : draft.end.revision;
    const { revision, position } = await this.append(draft.stream, expected, events);
    return { events, end: { revision, hash: events.at(-1)?.metadata.hash ?? draft.end.hash }, position };
  }

  private async append(stream: string, expected: 'no-stream' | number, events: readonly NewEvent[]) {
    const { store, clock, patienceMs = defaultPatienceMs } = this.services;
    const deadline = clock.now() + patienceMs;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await store.append(stream, expected, events);
      } catch (error) {
        const repeats = attempt < attemptsAtUnknownOutcome && clock.now() < deadline;
        if (!(error instanceof OutcomeUnknown) || !repeats) throw error;
      }
    }
  }

  private async keyFor(draft: Draft): Promise<DataKey | undefined> {
    const personal =
      draft.reason !== undefined ||
      draft.events.some(({ event }) => this.services.codec.hasPersonalData(event.type, event.data as JsonObject));
    if (!personal) return undefined;
    return (await this.services.keys.ensureKeys([draft.subject])).get(draft.subject);
  }

  private envelope(draft: Draft, key: DataKey | undefined): NewEvent[] {
    const recordedAt = toInstant(this.services.clock.now());
    let previous = draft.end.hash;
    return draft.events.map((item, index) => {
      const revision = draft.end.revision + 1 + index;
      const id = item.id ?? deriveId(draft.commandId, index);
      const { type } = item.event;
      const clear = item.event.data as JsonObject;
      const data = key ? this.services.codec.seal(type, clear, key) : clear;
      const metadata = this.metadata(draft, item, { recordedAt, key });
      previous = hashEvent(previous, { stream: draft.stream, revision, id, type, data, metadata });
      return { id, type, data, metadata: { ...metadata, hash: previous } };
    });
  }

  private metadata(
    draft: Draft,
    item: DraftEvent,
    { recordedAt, key }: { recordedAt: string; key: DataKey | undefined },
  ): Omit<Metadata, 'hash'> {
    return {
      recordedAt,
      occurredAt: item.occurredAt ?? draft.occurredAt,
      actor: item.actor ?? draft.actor,
      ...(draft.onBehalfOf === undefined ? {} : { onBehalfOf: draft.onBehalfOf }),
      via: item.via ?? draft.via,
      ...(draft.reason === undefined || !key ? {} : { reason: sealField(draft.reason, key) }),
      $correlationId: draft.correlationId,
      $causationId: draft.causationId,
      commandId: draft.commandId,
      ...(draft.commandDigest === undefined ? {} : { commandDigest: draft.commandDigest }),
      schemaVersion: this.services.codec.version(item.event.type),
    };
  }
}
