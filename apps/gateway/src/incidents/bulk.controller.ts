import { Body, Controller, HttpCode, Inject, Param, Post, Req } from '@nestjs/common';
import { type FastifyRequest } from 'fastify';
import { invalid } from '@faultline/kernel';
import { Requires } from '../http/auth.guard';
import { CommandEnvelopes } from '../http/command-envelopes';
import { checkedBody } from '../http/validation';
import { type BulkAnswer, BulkDesk } from './bulk-desk';
import { BulkDto } from './bulk.dto';
import { EmptyDto } from './incident.dto';
import { IncidentHistory } from './incident-history';
import { incidentRequests, toIncidentCommand } from './incident-requests';
import { PersonResolver } from './person-resolver';

/** One command on many incidents, and its undoing. */
@Controller('v1/incidents/bulk')
@Requires('incident.command')
export class BulkController {
  constructor(
    @Inject(BulkDesk) private readonly desk: BulkDesk,
    @Inject(IncidentHistory) private readonly history: IncidentHistory,
    @Inject(CommandEnvelopes) private readonly envelopes: CommandEnvelopes,
    @Inject(PersonResolver) private readonly persons: PersonResolver,
  ) {}

  @Post()
  @HttpCode(200)
  async run(@Body() { ids, command, body = {} }: BulkDto, @Req() request: FastifyRequest): Promise<BulkAnswer> {
    const incidents = this.incidentsOf(ids);
    const { dto } = incidentRequests[command];
    const checked = await checkedBody(dto, body, '/body');
    const toCommand = () => toIncidentCommand(command, checked, { persons: this.persons, request });
    return this.desk.run(command, incidents, toCommand, this.envelopes.of(request));
  }

  @Post(':correlationId/undo')
  @HttpCode(200)
  undo(
    @Param('correlationId') correlationId: string,
    @Body() _body: EmptyDto,
    @Req() request: FastifyRequest,
  ): Promise<BulkAnswer> {
    return this.desk.undo(correlationId, this.envelopes.of(request));
  }

  /** The ids behind ids or numbers. Throws `request.invalid` where two of them are one incident. */
  private incidentsOf(ids: readonly string[]): readonly string[] {
    const incidents = ids.map((id) => this.history.idOf(id));
    const repeated = incidents.findIndex((id, index) => incidents.indexOf(id) !== index);
    if (repeated < 0) return incidents;
    throw invalid('request.invalid', `${ids[repeated] ?? ''} is named twice`, { pointer: `/ids/${repeated}` });
  }
}
