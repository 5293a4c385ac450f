import { Controller, Get, Inject, Param, Query, Req, Res } from '@nestjs/common';
import { type Clock, notFound } from '@faultline/kernel';
import { reportCatalogue } from '@faultline/reports';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { Requires } from '../http/auth.guard';
import { sendAs } from '../http/formats';
import { QueryReader, type RawQuery } from '../http/query';
import { principalOf } from '../http/request-context';
import { withMe } from '../incidents/incident-queries.controller';
import { IncidentPresenter } from '../incidents/incident-presenter';
import { IncidentQueries } from '../incidents/incident-queries';
import { type QueryParameters, type ReadSide } from '@faultline/read-side';
import { CLOCK, READ_SIDE } from '../platform/tokens';

/** Reports over any filter at any instant, and the incidents behind each of their numbers. */
@Controller('v1/reports')
@Requires('report.read')
export class ReportsController {
  constructor(
    @Inject(READ_SIDE) private readonly readSide: ReadSide,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IncidentQueries) private readonly queries: IncidentQueries,
    @Inject(IncidentPresenter) private readonly presenter: IncidentPresenter,
  ) {}

  @Get()
  catalogue(@Query() raw: RawQuery) {
    new QueryReader(raw, []);
    return { items: reportCatalogue };
  }

  @Get(':name')
  async report(
    @Param('name') name: string,
    @Query() raw: RawQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<unknown> {
    this.refuseUnknown(name);
    const { format, parameters } = this.split(raw, request);
    return sendAs(format, reply, this.named(await this.readSide.report(name, parameters, this.clock.now())));
  }

  @Get(':name/incidents')
  async behind(
    @Param('name') name: string,
    @Query() raw: RawQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<unknown> {
    this.refuseUnknown(name);
    const { format, parameters, asOf } = this.split(raw, request);
    const page = await this.readSide.incidentsBehind(name, parameters, this.clock.now());
    return sendAs(format, reply, await this.queries.byIds(page, asOf));
  }

  /** Groups that go by a person's id get the name beside it. */
  private named(answer: object): object {
    if (!('groups' in answer) || !Array.isArray(answer.groups)) return answer;
    const groups = (answer.groups as readonly object[]).map((group) =>
      'agent' in group ? { ...group, agentName: this.presenter.name(group.agent as string | null) } : group,
    );
    return { ...answer, groups };
  }

  private split(raw: RawQuery, request: FastifyRequest) {
    const query = new QueryReader(raw, Object.keys(raw));
    const format = query.oneOf('format', ['json', 'csv']);
    const { format: _format, after: _after, ...rest } = withMe(raw, principalOf(request).personId);
    const parameters = Object.fromEntries(
      Object.entries(rest).filter((entry): entry is [string, string | string[]] => entry[1] !== undefined),
    ) satisfies QueryParameters;
    return { format, parameters, asOf: query.instant('asOf') };
  }

  private refuseUnknown(name: string): void {
    if (reportCatalogue.some((report) => report.name === name)) return;
    throw notFound('report.unknown', `There is no report ${name}; GET /v1/reports lists them`, { report: name });
  }
}
