import {
  type Actor,
  conflict,
  type CommandContext,
  type Decider,
  type DomainEvent,
  type RecordedEvent,
  toInstant,
  type Via,
} from '@faultline/kernel';
import { StreamNotFound, WrongExpectedRevision } from '@faultline/event-store';
import { type Draft, EventWriter, type WriterServices } from './event-writer';
import { KeyedMutex } from './keyed-mutex';
import { type Folded, StreamCache } from './stream-cache';

/** One kind of stream and its domain. */
export type Aggregate<State, Command, Event extends DomainEvent, Facts = undefined> = {
  readonly name: string;
  readonly decider: Decider<State, Command, Event, Facts>;
  /** The person whose data the events hold: their fields are sealed under this person's key. */
  readonly subject: (state: State, events: readonly Event[], actor: Actor) => string;
};

/** What comes with a command beside its own fields. */
export type CommandEnvelope = {
  readonly commandId: string;
  readonly commandDigest?: string;
  readonly actor: Actor;
  readonly onBehalfOf?: string;
  readonly via: Via;
  readonly reason?: string;
  readonly correlationId: string;
  readonly causationId?: string;
  /** Business time, when it is not now; never in the future. */
  readonly occurredAt?: string;
  /** The revision that the caller has seen: any other one is refused with `revision.stale`. */
  readonly expectedRevision?: number;
};

/** A command whose events are durable, or that had nothing left to do. */
export type CommandOutcome<State = unknown> = {
  readonly stream: string;
  readonly revision: number;
  readonly position: string;
  readonly state: State;
  /** Whether this command (by its id) had been carried out before. */
  readonly repeated: boolean;
};

/** The dependencies that every command shares. */
export type CommandServices = WriterServices;

const attemptsAtConflict = 10;

/** Read, fold, decide, append at the revision read: written once, for every aggregate. */
export class CommandRuntime {
  readonly writer: EventWriter;
  private readonly caches = new Map<string, unknown>();
  private readonly mutex = new KeyedMutex();

  constructor(private readonly services: CommandServices) {
    this.writer = new EventWriter(services);
  }

  /**
   * Carries out one command on one stream. Throws the DomainError of the rule that refuses it, `revision.stale`,
   * `idempotency.other-body`, or StoreUnavailable.
   */
  execute<State, Command, Event extends DomainEvent, Facts>(
    aggregate: Aggregate<State, Command, Event, Facts>,
    stream: string,
    request: { readonly command: Command; readonly envelope: CommandEnvelope; readonly facts: Facts },
  ): Promise<CommandOutcome<State>> {
    return this.mutex.run(stream, async () => {
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await this.attempt(aggregate, stream, request);
        } catch (error) {
          this.cache(aggregate).drop(stream);
          if (!(error instanceof WrongExpectedRevision)) throw error;
          if (attempt >= attemptsAtConflict) throw contended(stream, error);
        }
      }
    });
  }

  /** The stream folded to its end. */
  load<State, Command, Event extends DomainEvent, Facts>(
    aggregate: Aggregate<State, Command, Event, Facts>,
    stream: string,
  ): Promise<Folded<State>> {
    return this.cache(aggregate).load(stream);
  }

  /** Who wrote the first event of a stream; undefined where there is none. */
  async actorOfFirst(stream: string): Promise<string | undefined> {
    try {
      for await (const { metadata } of this.services.store.readStream(stream, { limit: 1 })) return metadata.actor.id;
    } catch (error) {
      if (!(error instanceof StreamNotFound)) throw error;
    }
    return undefined;
  }

  private async attempt<State, Command, Event extends DomainEvent, Facts>(
    aggregate: Aggregate<State, Command, Event, Facts>,
    stream: string,
    { command, envelope, facts }: { command: Command; envelope: CommandEnvelope; facts: Facts },
  ): Promise<CommandOutcome<State>> {
    const cache = this.cache(aggregate);
    const folded = await cache.load(stream);
    const repeated = repetition(stream, folded, envelope);
    if (repeated) return repeated;
    refuseStale(folded, envelope);
    const context = this.context(folded, envelope, facts);
    const events = aggregate.decider.decide(command, folded.state, context);
    if (events.length === 0) return outcome(stream, folded, false);
    const draft: Draft = {
      ...envelope,
      stream,
      end: folded.end,
      events: events.map((event) => ({ event })),
      occurredAt: context.occurredAt,
      causationId: envelope.causationId ?? envelope.commandId,
      subject: aggregate.subject(folded.state, events, envelope.actor),
    };
    const written = await this.writer.write(draft);
    const { reason } = envelope;
    const recorded = written.events.map((event, index): RecordedEvent => ({
      ...event,
      data: events[index]?.data as RecordedEvent['data'],
      // In clear text, as a fold of the log would meet it.
      metadata: reason === undefined ? event.metadata : { ...event.metadata, reason },
      stream,
      revision: folded.end.revision + 1 + index,
      position: written.position,
    }));
    return outcome(stream, cache.keep(stream, folded, recorded), false);
  }

  private context<State, Facts>(folded: Folded<State>, envelope: CommandEnvelope, facts: Facts): CommandContext<Facts> {
    const now = toInstant(this.services.clock.now());
    const wanted = envelope.occurredAt ?? now;
    // Within a stream business time never runs backwards, whatever the clocks of several machines say.
    const occurredAt = wanted < folded.lastOccurredAt ? folded.lastOccurredAt : wanted;
    return { occurredAt, now, actor: envelope.actor, facts };
  }

  private cache<State, Command, Event extends DomainEvent, Facts>(
    aggregate: Aggregate<State, Command, Event, Facts>,
  ): StreamCache<State> {
    const known = this.caches.get(aggregate.name) as StreamCache<State> | undefined;
    if (known) return known;
    const { initialState, evolve } = aggregate.decider;
    const cache = new StreamCache<State>(this.services.store, this.services.codec, {
      initialState,
      evolve: (state, event, envelope) => evolve(state, event as Event, envelope),
    });
    this.caches.set(aggregate.name, cache);
    return cache;
  }
}

const outcome = <State>(stream: string, folded: Folded<State>, repeated: boolean): CommandOutcome<State> => ({
  stream,
  revision: folded.end.revision,
  position: folded.position,
  state: folded.state,
  repeated,
});

function repetition<State>(
  stream: string,
  folded: Folded<State>,
  { commandId, commandDigest }: CommandEnvelope,
): CommandOutcome<State> | undefined {
  const trace = folded.commands.get(commandId);
  if (!trace) return undefined;
  if (trace.digest !== commandDigest) {
    throw conflict('idempotency.other-body', 'This Idempotency-Key was used with another body', {
      revision: trace.revision,
    });
  }
  return { ...outcome(stream, folded, true), revision: trace.revision, position: trace.position };
}

function refuseStale<State>(folded: Folded<State>, { expectedRevision }: CommandEnvelope): void {
  const actual = folded.end.revision;
  if (expectedRevision === undefined || expectedRevision === actual) return;
  throw conflict('revision.stale', `The revision is ${actual}, not ${expectedRevision}`, {
    expectedRevision,
    actualRevision: actual,
  });
}

function contended(stream: string, cause: Error): Error {
  const error = conflict('stream.contended', `${stream} is being changed by others all the time; try again`, {});
  error.cause = cause;
  return error;
}
