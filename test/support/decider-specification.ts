import {
  type Actor,
  type CommandContext,
  type Decider,
  DomainError,
  type DomainEvent,
  type EventEnvelope,
} from '@faultline/kernel';

/** The circumstances of a decision. */
export type Circumstances<Facts> = {
  readonly facts: Facts;
  readonly actor?: Actor;
  /** ISO 8601; the instant of the decision. */
  readonly at?: string;
};

const someone: Actor = { id: 'someone', kind: 'person' };
const noon = '2026-03-02T12:00:00.000Z';

/** An event that happened at another instant than noon, or by somebody else. */
export type Past<Event> = Event | Dated<Event>;

type Dated<Event> = { readonly event: Event; readonly at?: string; readonly by?: string };

const dated = <Event>(past: Past<Event>): Dated<Event> =>
  typeof past === 'object' && past !== null && 'event' in past ? past : { event: past };

/** What an event was recorded with. */
export function envelopeAt(revision: number, at: string = noon, by: string = someone.id): EventEnvelope {
  return {
    id: `00000000-0000-4000-8000-${String(revision).padStart(12, '0')}`,
    position: String(revision).padStart(33, '0'),
    revision,
    metadata: {
      recordedAt: at,
      occurredAt: at,
      actor: { id: by, kind: 'person' },
      via: { kind: 'system' },
      $correlationId: 'correlation',
      $causationId: 'causation',
      commandId: 'command',
      schemaVersion: 1,
      hash: 'a'.repeat(64),
    },
  };
}

/** Given what has happened, when something is asked for, then this happens, or that rule refuses. */
export class DeciderSpecification<State, Command, Event extends DomainEvent, Facts> {
  constructor(
    private readonly decider: Decider<State, Command, Event, Facts>,
    private readonly circumstances: Circumstances<Facts>,
    private readonly past: readonly Past<Event>[] = [],
  ) {}

  /** More of what has happened before. */
  given(...past: readonly Past<Event>[]): DeciderSpecification<State, Command, Event, Facts> {
    return new DeciderSpecification(this.decider, this.circumstances, [...this.past, ...past]);
  }

  /** The state after everything given. */
  get state(): State {
    return this.past.reduce<State>((state, past, revision) => {
      const { event, at, by } = dated(past);
      return this.decider.evolve(state, event, envelopeAt(revision, at, by));
    }, this.decider.initialState());
  }

  /** What comes of a command, in circumstances that may differ from those of the others. */
  when(command: Command, more: Partial<Circumstances<Facts>> = {}) {
    const { facts, actor = someone, at = noon } = { ...this.circumstances, ...more };
    const context: CommandContext<Facts> = { occurredAt: at, now: at, actor, facts };
    const run = (): readonly Event[] => this.decider.decide(command, this.state, context);
    return {
      /** Exactly these events. */
      then: (...events: readonly Event[]): void => {
        expect(run()).toEqual(events);
      },
      /** One event with at least these members. */
      thenOne: (type: Event['type'], data: object = {}): void => {
        expect(run()).toEqual([{ type, data: expect.objectContaining(data) }]);
      },
      /** These types, in this order. */
      thenTypes: (...types: readonly Event['type'][]): void => {
        expect(run().map(({ type }) => type)).toEqual(types);
      },
      /** Nothing: it has taken effect already. */
      thenNothing: (): void => {
        expect(run()).toEqual([]);
      },
      /** A refusal with this code, and at least these facts. */
      thenRefused: (code: string, fields: object = {}): void => {
        let refusal: unknown;
        try {
          run();
        } catch (error) {
          refusal = error;
        }
        expect(refusal).toBeInstanceOf(DomainError);
        expect(refusal).toMatchObject({ code, fields });
      },
      /** What it yields, for further steps. */
      events: run,
    };
  }
}
