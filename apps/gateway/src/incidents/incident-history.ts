import { Inject, Injectable } from '@nestjs/common';
import { EventCodec } from '@faultline/commands';
import { type EventStore, StreamNotFound } from '@faultline/event-store';
import { evolve, type IncidentEvent, incidentIdOf, initialIncident, type PastEvent } from '@faultline/incidents';
import { isUuid, notFound, type RecordedEvent } from '@faultline/kernel';
import { foldIncident, type IncidentDocument } from '@faultline/read-models';
import { EVENT_STORE } from '../platform/tokens';

/** Up to which event to fold: by revision, business time or time of recording; everything where none is given. */
export type AsOf = { readonly revision?: number; readonly asOf?: string; readonly asKnownAt?: string };

/** The streams that make up an incident's history. */
const prefixes = ['incident-', 'clocks-', 'alerts-'] as const;

type Sourced = {
  readonly events: AsyncIterator<RecordedEvent>;
  next: RecordedEvent | undefined;
  readonly index: number;
};

/** Where a reader of a history stands: the next revision of each of its streams. */
export type HistoryCursor = readonly number[];

/** Incidents as their events tell them: any past state, and the complete history. */
@Injectable()
export class IncidentHistory {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(EventCodec) private readonly codec: EventCodec,
  ) {}

  /** The id behind an id or number, without looking whether such an incident exists. */
  idOf(idOrNumber: string): string {
    return isUuid(idOrNumber) ? idOrNumber.toLowerCase() : incidentIdOf(idOrNumber);
  }

  /** The incident after the last event that `until` admits; undefined where there was none by then. */
  async fold(id: string, until: AsOf): Promise<IncidentDocument | undefined> {
    let document: IncidentDocument | null = null;
    for await (const event of this.own(id)) {
      if (until.revision !== undefined && event.revision > until.revision) break;
      // Within a stream neither time runs backwards, so the first event beyond is the end.
      if (until.asOf !== undefined && event.metadata.occurredAt > until.asOf) break;
      if (until.asKnownAt !== undefined && event.metadata.recordedAt > until.asKnownAt) break;
      document = foldIncident(document, event);
    }
    return document ?? undefined;
  }

  /** The events of the incident's own stream, in clear text; none where it does not exist. */
  async *own(id: string): AsyncGenerator<RecordedEvent> {
    yield* this.read(`incident-${id}`, 0);
  }

  /** The incident's own events of one correlation id, each with the incident before it. */
  async ofCorrelation(id: string, correlationId: string): Promise<readonly PastEvent[]> {
    const events: PastEvent[] = [];
    let before = initialIncident();
    for await (const recorded of this.own(id)) {
      const event = recorded as unknown as IncidentEvent;
      if (recorded.metadata.$correlationId === correlationId) {
        const { type, data } = event;
        events.push({ event: { type, data } as IncidentEvent, before });
      }
      before = evolve(before, event, recorded);
    }
    return events;
  }

  /** Every event of the incident, its own, its clocks' and its alerts', by position, from a cursor on. Throws `incident.not-found`. */
  async *merged(id: string, cursor: HistoryCursor = [0, 0, 0]): AsyncGenerator<RecordedEvent> {
    const sources: Sourced[] = [];
    for (const [index, prefix] of prefixes.entries()) {
      const events = this.read(`${prefix}${id}`, cursor[index] ?? 0)[Symbol.asyncIterator]();
      sources.push({ events, index, next: await take(events) });
    }
    for (;;) {
      const source = sources.reduce((least, other) => (earlier(other, least) ? other : least));
      if (!source.next) return;
      yield source.next;
      source.next = await take(source.events);
    }
  }

  /** The cursor after an event. */
  advance(cursor: HistoryCursor, event: RecordedEvent): HistoryCursor {
    return prefixes.map((prefix, index) =>
      event.stream.startsWith(prefix) ? event.revision + 1 : (cursor[index] ?? 0),
    );
  }

  private async *read(stream: string, from: number): AsyncGenerator<RecordedEvent> {
    try {
      yield* this.codec.openEach(this.store.readStream(stream, { from }));
    } catch (error) {
      if (!(error instanceof StreamNotFound)) throw error;
    }
  }
}

/** What a path names that is not there. */
export const incidentNotFound = (idOrNumber: string) =>
  notFound('incident.not-found', `There is no incident ${idOrNumber}`, { incident: idOrNumber });

async function take(events: AsyncIterator<RecordedEvent>): Promise<RecordedEvent | undefined> {
  const next = await events.next();
  return next.done === true ? undefined : next.value;
}

const earlier = (a: Sourced, b: Sourced): boolean =>
  a.next !== undefined && (b.next === undefined || a.next.position < b.next.position);
