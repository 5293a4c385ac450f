import { Readable } from 'node:stream';
import { Controller, Get, Inject, Query, Res } from '@nestjs/common';
import { EventCodec } from '@faultline/commands';
import { type EventStore, parsePosition } from '@faultline/event-store';
import { invalid, type RecordedEvent } from '@faultline/kernel';
import { type FastifyReply } from 'fastify';
import { Requires } from '../http/auth.guard';
import { QueryReader, type RawQuery } from '../http/query';
import { IncidentPresenter } from '../incidents/incident-presenter';
import { EVENT_STORE } from '../platform/tokens';

/** About 64 KiB of lines. */
const eventsPerBatch = 64;

/** The whole log for auditors. */
@Controller('v1/audit')
@Requires('audit.read')
export class AuditController {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(EventCodec) private readonly codec: EventCodec,
    @Inject(IncidentPresenter) private readonly presenter: IncidentPresenter,
  ) {}

  /** Every event from a position on (inclusive), a line each; the last line's position resumes an export that broke off. */
  @Get('events')
  events(@Query() raw: RawQuery, @Res({ passthrough: true }) reply: FastifyReply): Readable {
    const from = new QueryReader(raw, ['from']).one('from');
    if (from !== undefined && !parsePosition(from)) {
      throw invalid('request.invalid', 'from takes a position, as events carry it', { pointer: '?from' });
    }
    void reply.header('content-type', 'application/x-ndjson; charset=utf-8');
    return Readable.from(this.lines(from));
  }

  private async *lines(from: string | undefined): AsyncGenerator<string> {
    let batch: RecordedEvent[] = [];
    for await (const event of this.store.readAll(from === undefined ? {} : { from })) {
      batch.push(event);
      if (batch.length < eventsPerBatch) continue;
      yield await this.text(batch);
      batch = [];
    }
    yield await this.text(batch);
  }

  private async text(batch: readonly RecordedEvent[]): Promise<string> {
    const events = await this.codec.openAll(batch);
    return events.map((event) => `${JSON.stringify(this.presenter.event(event))}\n`).join('');
  }
}
