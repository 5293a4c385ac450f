import { type Type } from '@nestjs/common';
import { type IncidentCommand, type IncidentCommandType } from '@faultline/incidents';
import { type FastifyRequest } from 'fastify';
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
  PersonDto,
  PriorityDto,
  ReasonDto,
  ResolutionDto,
  RestorationDto,
  TextDto,
  WorkaroundDto,
} from './incident.dto';
import { type PersonResolver } from './person-resolver';

type CommandOf<Name extends IncidentCommandType> = Extract<IncidentCommand, { type: Name }>;

/** Who asks, and who knows the persons that a body names. */
type Asking = { readonly persons: PersonResolver; readonly request: FastifyRequest };

/** A command of the API: the body that it takes, and what it asks of the domain. */
type IncidentRequest<Name extends IncidentCommandType, Body extends object> = {
  readonly type: Name;
  readonly dto: Type<Body>;
  readonly toCommand: (body: Body, asking: Asking) => CommandOf<Name> | Promise<CommandOf<Name>>;
};

const request = <Name extends IncidentCommandType, Body extends object>(
  type: Name,
  dto: Type<Body>,
  toCommand: IncidentRequest<Name, Body>['toCommand'],
): IncidentRequest<Name, Body> => ({ type, dto, toCommand });

/** A command that has the members of its body, and nothing else. */
const plain = <Name extends IncidentCommandType, Body extends Omit<CommandOf<Name>, 'type'>>(
  type: Name,
  dto: Type<Body>,
): IncidentRequest<Name, Body> =>
  request(type, dto, (body) => Object.assign({ type }, body) as unknown as CommandOf<Name>);

/** The commands of the API by the name of their sub-resource: what one incident takes alone, and many take in bulk. */
export const incidentRequests = {
  details: request('AmendDetails', DetailsDto, async ({ requester: given, ...others }, { persons, request: asked }) => {
    const requester = await persons.resolve(given, asked);
    return { type: 'AmendDetails', ...others, ...(requester === undefined ? {} : { requester }) };
  }),
  classification: plain('ClassifyIncident', ClassificationDto),
  priority: plain('PrioritizeIncident', PriorityDto),
  assignment: request('AssignIncident', AssignmentDto, ({ team, agent }, { persons, request: asked }) => ({
    type: 'AssignIncident',
    team,
    agent: persons.known(agent, asked),
  })),
  release: plain('ReturnToQueue', ReasonDto),
  acknowledgement: plain('AcknowledgeIncident', EmptyDto),
  'work-start': plain('StartWork', EmptyDto),
  diagnoses: plain('RecordDiagnosis', TextDto),
  workarounds: plain('ApplyWorkaround', WorkaroundDto),
  comments: plain('AddComment', CommentDto),
  effort: plain('RecordEffort', EffortDto),
  hold: plain('PutIncidentOnHold', HoldDto),
  resumption: plain('ResumeIncident', EmptyDto),
  escalations: plain('EscalateIncident', EscalationDto),
  deescalations: plain('DeescalateIncident', DeescalationDto),
  restoration: request('RestoreService', RestorationDto, ({ at }) => ({
    type: 'RestoreService',
    at: new Date(at).toISOString(),
  })),
  resolution: request('ResolveIncident', ResolutionDto, (body, { persons, request: asked }) =>
    Object.assign({ type: 'ResolveIncident' as const }, persons.verified(body, asked)),
  ),
  confirmation: plain('ConfirmResolution', EmptyDto),
  refusal: plain('RefuseResolution', ReasonDto),
  feedback: plain('RateSatisfaction', FeedbackDto),
  reopening: plain('ReopenIncident', ReasonDto),
  closure: plain('CloseIncident', EmptyDto),
  cancellation: plain('CancelIncident', ReasonDto),
  links: request('LinkIncident', LinkDto, ({ type, target }) => ({ type: 'LinkIncident', link: type, target })),
  assets: plain('AddAsset', AssetDto),
  affected: request('AddAffectedPerson', PersonDto, ({ person }, { persons, request: asked }) => ({
    type: 'AddAffectedPerson',
    person: persons.required(person, asked),
  })),
  watchers: request('AddWatcher', PersonDto, ({ person }, { persons, request: asked }) => ({
    type: 'AddWatcher',
    person: persons.required(person, asked),
  })),
};

/** The name of a command in the API. */
export type IncidentRequestName = keyof typeof incidentRequests;

/** The body that a command of that name takes. */
export type BodyOf<Name extends IncidentRequestName> = InstanceType<(typeof incidentRequests)[Name]['dto']>;

/** Every name of a command, in the order of an incident's life. */
export const incidentRequestNames = Object.keys(incidentRequests) as IncidentRequestName[];

/** What a checked body asks of the domain. Throws where it names a person who cannot be. */
export async function toIncidentCommand<Name extends IncidentRequestName>(
  name: Name,
  body: BodyOf<Name>,
  asking: Asking,
): Promise<IncidentCommand> {
  const { toCommand } = incidentRequests[name] as unknown as IncidentRequest<IncidentCommandType, BodyOf<Name>>;
  return toCommand(body, asking);
}
