import { Controller, Get, Inject, Param, Query, Req, Res } from '@nestjs/common';
import { Readable } from 'node:stream';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { invalid } from '@faultline/kernel';
import { foldIncident, type IncidentDocument } from '@faultline/read-models';
import { Requires } from '../http/auth.guard';
import { sendAs } from '../http/formats';
import { QueryReader, type RawQuery } from '../http/query';
import { principalOf } from '../http/request-context';
import { IncidentHistory, incidentNotFound } from './incident-history';
import { IncidentPresenter } from './incident-presenter';
import { changes, IncidentQueries } from './incident-queries';
import { PresentIncident } from './present-incident';
import { filterParameters, incidentFilter } from './list-filters';

/** Questions about incidents. */
@Controller('v1/incidents')
@Requires('incident.read')
export class IncidentQueriesController {
  constructor(
    @Inject(IncidentQueries) private readonly queries: IncidentQueries,
    @Inject(IncidentHistory) private readonly history: IncidentHistory,
    @Inject(IncidentPresenter) private readonly presenter: IncidentPresenter,
    @Inject(PresentIncident) private readonly present: PresentIncident,
  ) {}

  @Get()
  async list(
    @Query() raw: RawQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<unknown> {
    const query = new QueryReader(raw, [...filterParameters, 'limit', 'cursor', 'sort', 'asOf', 'format']);
    const format = query.oneOf('format', ['json', 'csv']);
    const asOf = query.instant('asOf');
    if (asOf !== undefined) {
      if (raw['q'] !== undefined || raw['sort'] !== undefined) {
        throw invalid('request.invalid', 'q and sort cannot be combined with asOf', { pointer: '?asOf' });
      }
      return sendAs(format, reply, await this.queries.listAsOf(withMe(raw, principalOf(request).personId), asOf));
    }
    const range = { from: query.instant('from'), to: query.instant('to') };
    const filter = incidentFilter(raw, principalOf(request).personId, range);
    return sendAs(format, reply, await this.queries.list(filter, query, { defaultSort: '-loggedAt' }));
  }

  /** What was allows nothing any more: only the incident as it is says what it takes. */
  @Get(':id')
  async one(@Param('id') id: string, @Query() raw: RawQuery, @Req() request: FastifyRequest) {
    const query = new QueryReader(raw, ['asOf', 'asKnownAt', 'revision']);
    const revision = query.integer('revision', { min: 0, max: 1e12 });
    const until = { revision, asOf: query.instant('asOf'), asKnownAt: query.instant('asKnownAt') };
    if (Object.values(until).every((bound) => bound === undefined)) {
      return this.present.incident(id, principalOf(request));
    }
    return { ...(await this.queries.past(id, until)), allowedCommands: [] };
  }

  @Get(':id/history')
  async events(
    @Param('id') id: string,
    @Query() raw: RawQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<unknown> {
    const query = new QueryReader(raw, ['limit', 'cursor', 'format']);
    const format = query.oneOf('format', ['json', 'ndjson']);
    if (format === 'ndjson' || request.headers.accept?.includes('application/x-ndjson')) {
      await this.queries.historyPage(id, 1, undefined);
      void reply.header('content-type', 'application/x-ndjson; charset=utf-8');
      return Readable.from(this.lines(this.history.idOf(id)));
    }
    return this.queries.historyPage(id, query.limit(), query.one('cursor'));
  }

  @Get(':id/diff')
  async diff(@Param('id') id: string, @Query() raw: RawQuery) {
    const query = new QueryReader(raw, ['from', 'to']);
    const range = { min: 0, max: 1e12 };
    const from = query.integer('from', range);
    const to = query.integer('to', range);
    if (from === undefined || to === undefined) {
      const pointer = from === undefined ? '?from' : '?to';
      throw invalid('request.invalid', 'diff takes two revisions, from and to', { pointer });
    }
    return this.queries.diff(id, from, to);
  }

  @Get(':id/replay')
  async replay(
    @Param('id') idOrNumber: string,
    @Query() raw: RawQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    new QueryReader(raw, []);
    const id = this.history.idOf(idOrNumber);
    const first = await this.history.own(id).next();
    if (first.done === true) throw incidentNotFound(idOrNumber);
    void reply.header('content-type', 'text/event-stream; charset=utf-8').header('cache-control', 'no-store');
    return Readable.from(this.steps(id));
  }

  private async *lines(id: string): AsyncGenerator<string> {
    for await (const event of this.history.merged(id)) yield `${JSON.stringify(this.presenter.event(event))}\n`;
  }

  /** One server-sent event for each event of the history: what happened, what it changed, and the incident after it. */
  private async *steps(id: string): AsyncGenerator<string> {
    let document: IncidentDocument | null = null;
    let before: object = {};
    for await (const event of this.history.merged(id)) {
      if (event.stream.startsWith('incident-')) document = foldIncident(document, event);
      if (!document) continue;
      const incident = this.presenter.incident(document);
      const step = { event: this.presenter.event(event), changes: changes(before, incident), incident };
      before = incident;
      yield `id: ${event.position}\nevent: step\ndata: ${JSON.stringify(step)}\n\n`;
    }
    yield 'event: end\ndata: {}\n\n';
  }
}

/** `agent=me` spelled out, for those who do not know who asks. */
export function withMe(raw: RawQuery, me: string): RawQuery {
  const names = ['agent', 'requester', 'not.agent', 'not.requester'];
  const replace = (text: string) => (text === 'me' ? me : text);
  return Object.fromEntries(
    Object.entries(raw).map(([name, value]) => {
      if (!names.includes(name) || value === undefined) return [name, value];
      return [name, Array.isArray(value) ? value.map(replace) : replace(value)];
    }),
  );
}
