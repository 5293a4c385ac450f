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
  async details(@Param('id') id: string, @Body() body: DetailsDto, @Req() request: FastifyRequest) {
    const { requester: given, ...others } = body;
    const requester = await this.persons.resolve(given, request);
    return this.run(request, id, {
      type: 'AmendDetails',
      ...others,
      ...(requester === undefined ? {} : { requester }),
    });
  }

  @Post(':id/classification')
  @HttpCode(200)
  classification(@Param('id') id: string, @Body() body: ClassificationDto, @Req() request: FastifyRequest) {
    return this.run(request, id, { type: 'ClassifyIncident', ...body });
  }

  @Post(':id/priority')
  @HttpCode(200)
  priority(@Param('id') id: string, @Body() body: PriorityDto, @Req() request: FastifyRequest) {
    return this.run(request, id, { type: 'PrioritizeIncident', ...body });
  }

  @Post(':id/assignment')
  @HttpCode(200)
  assignment(@Param('id') id: string, @Body() body: AssignmentDto, @Req() request: FastifyRequest) {
    const agent = this.persons.known(body.agent, request);
    return this.run(request, id, { type: 'AssignIncident', ...body, ...(agent === undefined ? {} : { agent }) });
  }

  @Post(':id/release')
  @HttpCode(200)
  release(@Param('id') id: string, @Body() body: ReasonDto, @Req() request: FastifyRequest) {
    return this.run(request, id, { type: 'ReturnToQueue', ...body });
  }

  @Post(':id/acknowledgement')
  @HttpCode(200)
  acknowledgement(@Param('id') id: string, @Body() _body: EmptyDto, @Req() request: FastifyRequest) {
    return this.run(request, id, { type: 'AcknowledgeIncident' });
  }

  @Post(':id/work-start')
  @HttpCode(200)
  workStart(@Param('id') id: string, @Body() _body: EmptyDto, @Req() request: FastifyRequest) {
    return this.run(request, id, { type: 'StartWork' });
  }

  @Post(':id/diagnoses')
  @HttpCode(200)
  diagnoses(@Param('id') id: string, @Body() body: TextDto, @Req() request: FastifyRequest) {
    return this.run(request, id, { type: 'RecordDiagnosis', ...body });
  }

  @Post(':id/workarounds')
  @HttpCode(200)
  workarounds(@Param('id') id: string, @Body() body: WorkaroundDto, @Req() request: FastifyRequest) {
    return this.run(request, id, { type: 'ApplyWorkaround', ...body });
  }

  @Post(':id/comments')
  @HttpCode(200)
  comments(@Param('id') id: string, @Body() body: CommentDto, @Req() request: FastifyRequest) {
    return this.run(request, id, { type: 'AddComment', ...body });
  }

  @Post(':id/effort')
  @HttpCode(200)
  effort(@Param('id') id: string, @Body() body: EffortDto, @Req() request: FastifyRequest) {
    return this.run(request, id, { type: 'RecordEffort', ...body });
  }

  @Post(':id/hold')
  @HttpCode(200)
  hold(@Param('id') id: string, @Body() body: HoldDto, @Req() request: FastifyRequest) {
    return this.run(request, id, { type: 'PutIncidentOnHold', ...body });
  }

  @Post(':id/resumption')
  @HttpCode(200)
  resumption(@Param('id') id: string, @Body() _body: EmptyDto, @Req() request: FastifyRequest) {
    return this.run(request, id, { type: 'ResumeIncident' });
  }

  @Post(':id/escalations')
  @HttpCode(200)
  escalations(@Param('id') id: string, @Body() body: EscalationDto, @Req() request: FastifyRequest) {
    return this.run(request, id, { type: 'EscalateIncident', ...body });
  }

  @Post(':id/deescalations')
  @HttpCode(200)
  deescalations(@Param('id') id: string, @Body() body: DeescalationDto, @Req() request: FastifyRequest) {
    return this.run(request, id, { type: 'DeescalateIncident', ...body });
  }

  @Post(':id/restoration')
  @HttpCode(200)
  restoration(@Param('id') id: string, @Body() body: RestorationDto, @Req() request: FastifyRequest) {
    return this.run(request, id, { type: 'RestoreService', at: new Date(body.at).toISOString() });
  }

  @Post(':id/resolution')
  @HttpCode(200)
  resolution(@Param('id') id: string, @Body() body: ResolutionDto, @Req() request: FastifyRequest) {
    return this.run(request, id, { type: 'ResolveIncident', ...this.persons.verified(body, request) });
  }

  @Post(':id/confirmation')
  @HttpCode(200)
  confirmation(@Param('id') id: string, @Body() _body: EmptyDto, @Req() request: FastifyRequest) {
    return this.run(request, id, { type: 'ConfirmResolution' });
  }

  @Post(':id/refusal')
  @HttpCode(200)
  refusal(@Param('id') id: string, @Body() body: ReasonDto, @Req() request: FastifyRequest) {
    return this.run(request, id, { type: 'RefuseResolution', ...body });
  }

  @Post(':id/feedback')
  @HttpCode(200)
  feedback(@Param('id') id: string, @Body() body: FeedbackDto, @Req() request: FastifyRequest) {
    return this.run(request, id, { type: 'RateSatisfaction', ...body });
  }

  @Post(':id/reopening')
  @HttpCode(200)
  reopening(@Param('id') id: string, @Body() body: ReasonDto, @Req() request: FastifyRequest) {
    return this.run(request, id, { type: 'ReopenIncident', ...body });
  }

  @Post(':id/closure')
  @HttpCode(200)
  closure(@Param('id') id: string, @Body() _body: EmptyDto, @Req() request: FastifyRequest) {
    return this.run(request, id, { type: 'CloseIncident' });
  }

  @Post(':id/cancellation')
  @HttpCode(200)
  cancellation(@Param('id') id: string, @Body() body: ReasonDto, @Req() request: FastifyRequest) {
    return this.run(request, id, { type: 'CancelIncident', ...body });
  }

  @Post(':id/links')
  @HttpCode(200)
  links(@Param('id') id: string, @Body() body: LinkDto, @Req() request: FastifyRequest) {
    return this.run(request, id, { type: 'LinkIncident', link: body.type, target: body.target });
  }

  @Delete(':id/links/:part')
  unlink(@Param('id') id: string, @Param('part') part: string, @Req() request: FastifyRequest) {
    return this.run(request, id, { type: 'UnlinkIncident', id: part });
  }

  @Post(':id/assets')
  @HttpCode(200)
  assets(@Param('id') id: string, @Body() body: AssetDto, @Req() request: FastifyRequest) {
    return this.run(request, id, { type: 'AddAsset', ...body });
  }

  @Delete(':id/assets/:part')
  clearAsset(@Param('id') id: string, @Param('part') part: string, @Req() request: FastifyRequest) {
    return this.run(request, id, { type: 'ClearAsset', asset: part });
  }

  @Post(':id/affected')
  @HttpCode(200)
  affected(@Param('id') id: string, @Body() body: PersonDto, @Req() request: FastifyRequest) {
    return this.run(request, id, { type: 'AddAffectedPerson', person: this.persons.required(body.person, request) });
  }

  @Post(':id/watchers')
  @HttpCode(200)
  watchers(@Param('id') id: string, @Body() body: PersonDto, @Req() request: FastifyRequest) {
    return this.run(request, id, { type: 'AddWatcher', person: this.persons.required(body.person, request) });
  }

  @Delete(':id/watchers/:part')
  removeWatcher(@Param('id') id: string, @Param('part') part: string, @Req() request: FastifyRequest) {
    return this.run(request, id, { type: 'RemoveWatcher', person: this.persons.required(part, request) });
  }

  private run(request: FastifyRequest, id: string, command: IncidentCommand): Promise<CommandAnswer> {
    return this.bus.execute(new RunIncidentCommand(id, command, this.envelopes.of(request)));
  }
}
