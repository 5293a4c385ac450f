import { type EventStore, StreamNotFound } from '@faultline/event-store';
import { type Decider, type DomainEvent, type RecordedEvent } from '@faultline/kernel';
import { LRUCache } from 'lru-cache';
import { type EventCodec } from './event-codec';
import { noStream, type StreamEnd } from './event-writer';

/** What a command left in its stream, for answering its repetition. */
export type CommandTrace = {
  readonly revision: number;
  readonly position: string;
  readonly digest: string | undefined;
};

/** A stream folded up to its end. */
export type Folded<State> = {
  readonly state: State;
  readonly end: StreamEnd;
  /** Of the last event; empty before the first. */
  readonly position: string;
  readonly lastOccurredAt: string;
  readonly commands: ReadonlyMap<string, CommandTrace>;
};

type Fold<State> = Pick<Decider<State, never, DomainEvent, never>, 'initialState'> & {
  readonly evolve: (state: State, event: DomainEvent, envelope: RecordedEvent) => State;
};

/** Folded streams by name, least recently used ones dropped; asks the store only for what is newer than what it holds. */
export class StreamCache<State> {
  private readonly folded: LRUCache<string, Folded<State>>;

  constructor(
    private readonly store: EventStore,
    private readonly codec: EventCodec,
    private readonly decider: Fold<State>,
    size = 10_000,
  ) {
    this.folded = new LRUCache({ max: size });
  }

  /** The stream folded to its end in the log; one that was never written is folded to the initial state. */
  async load(stream: string): Promise<Folded<State>> {
    let folded = this.folded.get(stream) ?? this.empty();
    try {
      const events = this.store.readStream(stream, { from: folded.end.revision + 1 });
      for await (const event of this.codec.openEach(events)) folded = this.step(folded, event);
    } catch (error) {
      if (!(error instanceof StreamNotFound)) throw error;
    }
    if (folded.end.revision >= 0) this.folded.set(stream, folded);
    return folded;
  }

  /** Keeps what was just appended, in clear text, so that the next command need not read it. */
  keep(stream: string, folded: Folded<State>, events: readonly RecordedEvent[]): Folded<State> {
    const next = events.reduce((result, event) => this.step(result, event), folded);
    this.folded.set(stream, next);
    return next;
  }

  /** Forgets a stream whose end in the log is not what was believed. */
  drop(stream: string): void {
    this.folded.delete(stream);
  }

  private empty(): Folded<State> {
    return { state: this.decider.initialState(), end: noStream, position: '', lastOccurredAt: '', commands: new Map() };
  }

  private step(folded: Folded<State>, event: RecordedEvent): Folded<State> {
    const { commandId, commandDigest: digest, occurredAt, hash } = event.metadata;
    const trace = { revision: event.revision, position: event.position, digest };
    // One map is handed along the whole fold of a stream: copying it at every event would make long histories quadratic.
    (folded.commands as Map<string, CommandTrace>).set(commandId, trace);
    return {
      state: this.decider.evolve(folded.state, event, event),
      end: { revision: event.revision, hash },
      position: event.position,
      lastOccurredAt: occurredAt > folded.lastOccurredAt ? occurredAt : folded.lastOccurredAt,
      commands: folded.commands,
    };
  }
}
