import { Inject, Injectable } from '@nestjs/common';
import { EventCodec } from '@faultline/commands';
import { type EventStore, StreamNotFound } from '@faultline/event-store';
import { type RecordedEvent } from '@faultline/kernel';
import { badCursor, decodeCursor, encodeCursor, QueryReader, type RawQuery } from '../http/query';
import { IncidentPresenter } from '../incidents/incident-presenter';
import { type Page } from '../incidents/incident-queries';
import { EVENT_STORE } from '../platform/tokens';

/** What happened to a registered thing, event by event. */
@Injectable()
export class RegisterHistory {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(EventCodec) private readonly codec: EventCodec,
    @Inject(IncidentPresenter) private readonly presenter: IncidentPresenter,
  ) {}

  /** A page of one stream, in the order of revisions; empty where there is no such stream. */
  async page(stream: string, raw: RawQuery): Promise<Page<object>> {
    const query = new QueryReader(raw, ['limit', 'cursor']);
    const limit = query.limit();
    const from = decodeCursor(query.one('cursor')) ?? 0;
    if (typeof from !== 'number' || !Number.isSafeInteger(from) || from < 0) throw badCursor();
    const events: RecordedEvent[] = [];
    try {
      for await (const event of this.store.readStream(stream, { from, limit: limit + 1 })) events.push(event);
    } catch (error) {
      if (!(error instanceof StreamNotFound)) throw error;
    }
    const items = (await this.codec.openAll(events.slice(0, limit))).map((event) => this.presenter.event(event));
    return { items, nextCursor: events.length > limit ? encodeCursor(from + limit) : null };
  }
}
