import { Controller, Get, Inject, Query, Req, Res } from '@nestjs/common';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { Requires } from '../http/auth.guard';
import { sendAs } from '../http/formats';
import { QueryReader, type RawQuery } from '../http/query';
import { principalOf } from '../http/request-context';
import { IncidentQueries } from './incident-queries';
import { filterParameters, incidentFilter } from './list-filters';

/** What concerns whoever asks: open incidents of which they are the agent, the requester or a watcher, most urgent first. */
@Controller('v1/me/incidents')
@Requires('incident.read')
export class MyIncidentsController {
  constructor(@Inject(IncidentQueries) private readonly queries: IncidentQueries) {}

  @Get()
  async list(
    @Query() raw: RawQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<unknown> {
    const query = new QueryReader(raw, [...filterParameters, 'limit', 'cursor', 'sort', 'format']);
    const format = query.oneOf('format', ['json', 'csv']);
    const me = principalOf(request).personId;
    const range = { from: query.instant('from'), to: query.instant('to') };
    const mine = { open: true, $or: [{ agent: me }, { requester: me }, { watchers: me }] };
    const filter = { $and: [mine, incidentFilter(raw, me, range)] };
    return sendAs(format, reply, await this.queries.list(filter, query, { defaultSort: 'priority' }));
  }
}
