import { Inject, Injectable } from '@nestjs/common';
import {
  type CommandEnvelope,
  CommandRuntime,
  type Draft,
  EventCodec,
  noStream,
  type StreamEnd,
} from '@faultline/commands';
import { type EventStore, WrongExpectedRevision } from '@faultline/event-store';
import {
  type AppendOutcome,
  type ImportedEvent,
  type ImportedIncident,
  type ImportTarget,
  settledContent,
} from '@faultline/imports';
import { incidentIdOf, incidentStream } from '@faultline/incidents';
import { type Actor, canonicalJson, deriveId, type RecordedEvent, type Via } from '@faultline/kernel';
import { type KeyStore } from '@faultline/key-store';
import { personIdFor } from '@faultline/organisation';
import { NumberAllocator } from '../incidents/number-allocator';
import { EVENT_STORE, KEY_STORE } from '../platform/tokens';
import { ImportedRegisters } from './imported-registers';

/** One run of one import. */
export type ImportRun = {
  readonly id: string;
  readonly format: string;
  readonly digest: string;
  readonly importer: string;
  /** The position of its `ImportStarted`: what stands before it was there already. */
  readonly startedAt: string;
  /** Whether the file lacks the column by which its format says whether service levels were kept. */
  readonly unjudged: boolean;
};

const unknownActor: Actor = { id: 'unknown', kind: 'person' };
const incidentsBetweenTurns = 16;

/** Makes the target of an import. */
@Injectable()
export class ImportTargetFactory {
  constructor(
    @Inject(CommandRuntime) private readonly runtime: CommandRuntime,
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(EventCodec) private readonly codec: EventCodec,
    @Inject(KEY_STORE) private readonly keys: KeyStore,
    @Inject(NumberAllocator) private readonly numbers: NumberAllocator,
    @Inject(ImportedRegisters) private readonly registers: ImportedRegisters,
  ) {}

  /** The id of the person that a file calls by `name`. */
  personId(name: string): string {
    return personIdFor(this.keys.installationSecret, 'import', name);
  }

  target(run: ImportRun): EventStoreTarget {
    const { runtime, store, codec, numbers, registers } = this;
    return new EventStoreTarget(run, {
      runtime,
      store,
      codec,
      numbers,
      registers,
      personId: (name) => this.personId(name),
    });
  }
}

type Parts = {
  readonly runtime: CommandRuntime;
  readonly store: EventStore;
  readonly codec: EventCodec;
  readonly numbers: NumberAllocator;
  readonly registers: ImportedRegisters;
  readonly personId: (name: string) => string;
};

/** Puts imported incidents into the log: each whole, by one append, under ids that derive from what it says. */
export class EventStoreTarget implements ImportTarget {
  /** The position of the last event written. */
  position: string;

  constructor(
    private readonly run: ImportRun,
    private readonly parts: Parts,
  ) {
    this.position = run.startedAt;
  }

  async prepare(highestNumber: number | null): Promise<void> {
    if (highestNumber !== null) await this.parts.numbers.advanceAbove(highestNumber);
  }

  async appendIncidents(batch: readonly ImportedIncident[]): Promise<readonly AppendOutcome[]> {
    const { importer, id } = this.run;
    const envelope: Omit<CommandEnvelope, 'commandId'> = {
      actor: { id: importer, kind: 'person' },
      via: this.via(),
      correlationId: id,
    };
    const refused = await this.parts.registers.ensure(batch, envelope);
    const outcomes: Promise<AppendOutcome>[] = [];
    for (const [index, incident] of batch.entries()) {
      const reason = refused.get(incident);
      const outcome =
        reason === undefined ? this.append(incident) : Promise.resolve({ kind: 'held-back', reason } as const);
      // One that fails before the others have begun is looked at with them; nobody's until then, it would end the process.
      outcome.catch(() => undefined);
      outcomes.push(outcome);
      // Mapping, hashing and encoding take time: others' requests get their turn in between.
      if (index % incidentsBetweenTurns === incidentsBetweenTurns - 1) await new Promise(setImmediate);
    }
    // Who repeats a batch must not meet what is left of its first attempt.
    await Promise.allSettled(outcomes);
    return Promise.all(outcomes);
  }

  private async append(incident: ImportedIncident): Promise<AppendOutcome> {
    try {
      const written = await this.write(incident, incident.events, { end: noStream, first: 0 });
      return written < this.run.startedAt
        ? { kind: 'unchanged' }
        : { kind: 'imported', events: incident.events.length };
    } catch (error) {
      if (error instanceof WrongExpectedRevision) return this.continue(incident);
      if (error instanceof Error && error.name === 'InvalidAppend') return { kind: 'held-back', reason: error.message };
      throw error;
    }
  }

  /** The stream is there with other events: an earlier export of the same history is continued, anything else held back. */
  private async continue(incident: ImportedIncident): Promise<AppendOutcome> {
    const present: RecordedEvent[] = [];
    for await (const event of this.parts.store.readStream(streamOf(incident))) present.push(event);
    const imported = present.filter(({ metadata }) => metadata.via.kind === 'import');
    if (imported.length === 0)
      return { kind: 'held-back', reason: 'Its number belongs to an incident that was logged here' };
    const wanted = incident.events.map((event, index) => eventId(incident.number, event, index));
    const shared = Math.min(wanted.length, imported.length);
    for (let index = 0; index < shared; index += 1) {
      if (wanted[index] !== imported[index]?.id) return { kind: 'held-back', reason: contradiction(incident, index) };
    }
    const rest = incident.events.slice(imported.length);
    const last = present.at(-1);
    if (rest.length === 0 || !last) return { kind: 'unchanged' };
    if ((rest[0]?.occurredAt ?? '') < last.metadata.occurredAt) {
      return { kind: 'held-back', reason: 'It was worked on here after the time of rows that are new in this file' };
    }
    const end: StreamEnd = { revision: last.revision, hash: last.metadata.hash };
    await this.write(incident, rest, { end, first: imported.length });
    return { kind: 'imported', events: rest.length };
  }

  private async write(
    incident: ImportedIncident,
    events: readonly ImportedEvent[],
    { end, first }: { end: StreamEnd; first: number },
  ): Promise<string> {
    const { id, importer } = this.run;
    const draft: Draft = {
      stream: streamOf(incident),
      end,
      events: events.map((item, index) => ({
        event: item.event,
        id: eventId(incident.number, item, first + index),
        occurredAt: item.occurredAt,
        actor: item.actor === null ? unknownActor : { id: this.parts.personId(item.actor), kind: 'person' },
        via: this.via(item.line),
      })),
      commandId: deriveId('import', incident.number, first),
      occurredAt: events[0]?.occurredAt ?? '',
      actor: unknownActor,
      via: this.via(),
      correlationId: id,
      causationId: id,
      subject: importer,
    };
    const { position } = await this.parts.runtime.writer.write(draft);
    if (position > this.position) this.position = position;
    return position;
  }

  private via(line?: number): Via {
    const { id, format, digest, importer, unjudged } = this.run;
    return {
      kind: 'import',
      ...{ id, format, digest, importer },
      ...(line === undefined ? {} : { line }),
      ...(unjudged && { unjudged }),
    };
  }
}

const streamOf = ({ number }: ImportedIncident): string => incidentStream(incidentIdOf(number));

/** The same statement of the same history has the same id, whatever file, line or day it comes from. */
const eventId = (number: string, { event, occurredAt }: ImportedEvent, index: number): string =>
  deriveId('import', number, index, occurredAt, canonicalJson(settledContent(event)));

const contradiction = ({ events }: ImportedIncident, index: number): string =>
  `Line ${events[index]?.line ?? '?'} contradicts what was imported before`;
