import { Body, Controller, Delete, HttpCode, Inject, Param, Post, Req, Res } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { type IncidentCommand } from '@faultline/incidents';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { Requires } from '../http/auth.guard';
import { type CommandAnswer, type LoggedAnswer, LogIncidentRequest, RunIncidentCommand } from './incident.messages';
import {
  AssetDto,
  AssignmentDto,
  ClassificationDto,
  CommentDto,
  DeescalationDto,
  DetailsDto,
  EffortDto,
  EmptyDto,
  EscalationDto,
  FeedbackDto,
  HoldDto,
  LinkDto,
  LogIncidentDto,
  PersonDto,
  PriorityDto,
  ReasonDto,
  ResolutionDto,
  RestorationDto,
  TextDto,
  WorkaroundDto,
} from './incident.dto';
import { type BodyOf, type IncidentRequestName, toIncidentCommand } from './incident-requests';
import { PersonResolver } from './person-resolver';
import { CommandEnvelopes } from '../http/command-envelopes';

/** Commands on incidents: each is one POST to a sub-resource, or a DELETE that undoes one. */
@Controller('v1/incidents')
@Requires('incident.command')
export class IncidentCommandsController {
  constructor(
    @Inject(CommandBus) private readonly bus: CommandBus,
    @Inject(CommandEnvelopes) private readonly envelopes: CommandEnvelopes,
    @Inject(PersonResolver) private readonly persons: PersonResolver,
  ) {}

  @Post()
  async log(
    @Body() body: LogIncidentDto,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<LoggedAnswer> {
    const { created, ...answer } = await this.bus.execute(
      new LogIncidentRequest(body, this.envelopes.of(request), request),
    );
    void reply.status(created ? 201 : 200).header('location', `/v1/incidents/${answer.id}`);
    return answer;
  }

  @Post(':id/details')
  @HttpCode(200)
  details(@Param('id') id: string, @Body() body: DetailsDto, @Req() request: FastifyRequest) {
    return this.ask(request, id, 'details', body);
  }

  @Post(':id/classification')
  @HttpCode(200)
  classification(@Param('id') id: string, @Body() body: ClassificationDto, @Req() request: FastifyRequest) {
    return this.ask(request, id, 'classification', body);
  }

  @Post(':id/priority')
  @HttpCode(200)
  priority(@Param('id') id: string, @Body() body: PriorityDto, @Req() request: FastifyRequest) {
    return this.ask(request, id, 'priority', body);
  }

  @Post(':id/assignment')
  @HttpCode(200)
  assignment(@Param('id') id: string, @Body() body: AssignmentDto, @Req() request: FastifyRequest) {
    return this.ask(request, id, 'assignment', body);
  }

  @Post(':id/release')
  @HttpCode(200)
  release(@Param('id') id: string, @Body() body: ReasonDto, @Req() request: FastifyRequest) {
    return this.ask(request, id, 'release', body);
  }

  @Post(':id/acknowledgement')
  @HttpCode(200)
  acknowledgement(@Param('id') id: string, @Body() body: EmptyDto, @Req() request: FastifyRequest) {
    return this.ask(request, id, 'acknowledgement', body);
  }

  @Post(':id/work-start')
  @HttpCode(200)
  workStart(@Param('id') id: string, @Body() body: EmptyDto, @Req() request: FastifyRequest) {
    return this.ask(request, id, 'work-start', body);
  }

  @Post(':id/diagnoses')
  @HttpCode(200)
  diagnoses(@Param('id') id: string, @Body() body: TextDto, @Req() request: FastifyRequest) {
    return this.ask(request, id, 'diagnoses', body);
  }

  @Post(':id/workarounds')
  @HttpCode(200)
  workarounds(@Param('id') id: string, @Body() body: WorkaroundDto, @Req() request: FastifyRequest) {
    return this.ask(request, id, 'workarounds', body);
  }

  @Post(':id/comments')
  @HttpCode(200)
  comments(@Param('id') id: string, @Body() body: CommentDto, @Req() request: FastifyRequest) {
    return this.ask(request, id, 'comments', body);
  }

  @Post(':id/effort')
  @HttpCode(200)
  effort(@Param('id') id: string, @Body() body: EffortDto, @Req() request: FastifyRequest) {
    return this.ask(request, id, 'effort', body);
  }

  @Post(':id/hold')
  @HttpCode(200)
  hold(@Param('id') id: string, @Body() body: HoldDto, @Req() request: FastifyRequest) {
    return this.ask(request, id, 'hold', body);
  }

  @Post(':id/resumption')
  @HttpCode(200)
  resumption(@Param('id') id: string, @Body() body: EmptyDto, @Req() request: FastifyRequest) {
    return this.ask(request, id, 'resumption', body);
  }

  @Post(':id/escalations')
  @HttpCode(200)
  escalations(@Param('id') id: string, @Body() body: EscalationDto, @Req() request: FastifyRequest) {
    return this.ask(request, id, 'escalations', body);
  }

  @Post(':id/deescalations')
  @HttpCode(200)
  deescalations(@Param('id') id: string, @Body() body: DeescalationDto, @Req() request: FastifyRequest) {
    return this.ask(request, id, 'deescalations', body);
  }

  @Post(':id/restoration')
  @HttpCode(200)
  restoration(@Param('id') id: string, @Body() body: RestorationDto, @Req() request: FastifyRequest) {
    return this.ask(request, id, 'restoration', body);
  }

  @Post(':id/resolution')
  @HttpCode(200)
  resolution(@Param('id') id: string, @Body() body: ResolutionDto, @Req() request: FastifyRequest) {
    return this.ask(request, id, 'resolution', body);
  }

  @Post(':id/confirmation')
  @HttpCode(200)
  confirmation(@Param('id') id: string, @Body() body: EmptyDto, @Req() request: FastifyRequest) {
    return this.ask(request, id, 'confirmation', body);
  }

  @Post(':id/refusal')
  @HttpCode(200)
  refusal(@Param('id') id: string, @Body() body: ReasonDto, @Req() request: FastifyRequest) {
    return this.ask(request, id, 'refusal', body);
  }

  @Post(':id/feedback')
  @HttpCode(200)
  feedback(@Param('id') id: string, @Body() body: FeedbackDto, @Req() request: FastifyRequest) {
    return this.ask(request, id, 'feedback', body);
  }

  @Post(':id/reopening')
  @HttpCode(200)
  reopening(@Param('id') id: string, @Body() body: ReasonDto, @Req() request: FastifyRequest) {
    return this.ask(request, id, 'reopening', body);
  }

  @Post(':id/closure')
  @HttpCode(200)
  closure(@Param('id') id: string, @Body() body: EmptyDto, @Req() request: FastifyRequest) {
    return this.ask(request, id, 'closure', body);
  }

  @Post(':id/cancellation')
  @HttpCode(200)
  cancellation(@Param('id') id: string, @Body() body: ReasonDto, @Req() request: FastifyRequest) {
    return this.ask(request, id, 'cancellation', body);
  }

  @Post(':id/links')
  @HttpCode(200)
  links(@Param('id') id: string, @Body() body: LinkDto, @Req() request: FastifyRequest) {
    return this.ask(request, id, 'links', body);
  }

  @Delete(':id/links/:part')
  unlink(@Param('id') id: string, @Param('part') part: string, @Req() request: FastifyRequest) {
    return this.run(request, id, { type: 'UnlinkIncident', id: part });
  }

  @Post(':id/assets')
  @HttpCode(200)
  assets(@Param('id') id: string, @Body() body: AssetDto, @Req() request: FastifyRequest) {
    return this.ask(request, id, 'assets', body);
  }

  @Delete(':id/assets/:part')
  clearAsset(@Param('id') id: string, @Param('part') part: string, @Req() request: FastifyRequest) {
    return this.run(request, id, { type: 'ClearAsset', asset: part });
  }

  @Post(':id/affected')
  @HttpCode(200)
  affected(@Param('id') id: string, @Body() body: PersonDto, @Req() request: FastifyRequest) {
    return this.ask(request, id, 'affected', body);
  }

  @Post(':id/watchers')
  @HttpCode(200)
  watchers(@Param('id') id: string, @Body() body: PersonDto, @Req() request: FastifyRequest) {
    return this.ask(request, id, 'watchers', body);
  }

  @Delete(':id/watchers/:part')
  removeWatcher(@Param('id') id: string, @Param('part') part: string, @Req() request: FastifyRequest) {
    return this.run(request, id, { type: 'RemoveWatcher', person: this.persons.required(part, request) });
  }

  private async ask<Name extends IncidentRequestName>(
    request: FastifyRequest,
    id: string,
    name: Name,
    body: BodyOf<Name>,
  ): Promise<CommandAnswer> {
    return this.run(request, id, await toIncidentCommand(name, body, { persons: this.persons, request }));
  }

  private run(request: FastifyRequest, id: string, command: IncidentCommand): Promise<CommandAnswer> {
    return this.bus.execute(new RunIncidentCommand(id, command, this.envelopes.of(request)));
  }
}
