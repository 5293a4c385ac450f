import { type Actor, type DomainEvent, type RecordedEvent } from './events';
import { type FieldPath } from './sealed';

/** The facts that a command carries beside its own fields; domain code reads time, ids and actor from here and nowhere else. */
export type CommandContext<Facts = undefined> = {
  /** Business time of what is decided, ISO 8601. */
  readonly occurredAt: string;
  /** The time of the attempt; differs from `occurredAt` for what is written down about the past. */
  readonly now: string;
  readonly actor: Actor;
  /** What the decision needs to know beyond its stream: registers and configuration, as pure look-ups. */
  readonly facts: Facts;
};

/** The domain of one kind of stream: plain data and pure functions. */
export interface Decider<State, Command, Event extends DomainEvent, Facts = undefined> {
  readonly initialState: () => State;
  /** The events that the command yields, none if it has already taken effect; throws a DomainError where a rule refuses. */
  readonly decide: (command: Command, state: State, context: CommandContext<Facts>) => readonly Event[];
  /** The state after an event. Never rejects: what is recorded has happened. */
  readonly evolve: (state: State, event: Event, envelope: EventEnvelope) => State;
}

/** What `evolve` may read of an event beside its type and data. */
export type EventEnvelope = Pick<RecordedEvent, 'id' | 'position' | 'revision' | 'metadata'>;

/** One stored type: its current schema version, the personal fields inside, and how to read older versions. */
export type EventSchema = {
  readonly version: number;
  /** Fields that never stand in the log in the clear. */
  readonly personal?: readonly FieldPath[];
  /** `upcasters[n]` turns the data of version n into that of version n + 1. */
  readonly upcasters?: Readonly<Record<number, (data: never) => object>>;
};

/** The stored types of one context. */
export type EventSchemas<Type extends string = string> = Readonly<Record<Type, EventSchema>>;
