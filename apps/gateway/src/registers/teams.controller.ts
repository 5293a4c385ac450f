import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Query, Req, Res } from '@nestjs/common';
import { type TeamCommand, TeamRegister, teamStream } from '@faultline/organisation';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { Requires } from '../http/auth.guard';
import { CommandEnvelopes } from '../http/command-envelopes';
import { sendAs } from '../http/formats';
import { QueryReader, type RawQuery } from '../http/query';
import { principalOf } from '../http/request-context';
import { EmptyDto, PersonDto } from '../incidents/incident.dto';
import { RegisterCommands } from './register-commands';
import { RegisterHistory } from './register-history';
import { listingPage, listingParameters, required } from './register-listing';
import { ChangeTeamDto, CreateTeamDto } from './register.dto';

/** Teams: their tier, their members, and who takes over from them. */
@Controller('v1/teams')
@Requires('register.read')
export class TeamsController {
  constructor(
    @Inject(TeamRegister) private readonly register: TeamRegister,
    @Inject(RegisterCommands) private readonly commands: RegisterCommands,
    @Inject(CommandEnvelopes) private readonly envelopes: CommandEnvelopes,
    @Inject(RegisterHistory) private readonly histories: RegisterHistory,
  ) {}

  @Get()
  list(@Query() raw: RawQuery, @Res({ passthrough: true }) reply: FastifyReply) {
    const query = new QueryReader(raw, listingParameters);
    const page = listingPage(this.register.all(), query, {
      key: ({ key }) => key,
      text: ({ key, name }) => `${key}\n${name}`,
    });
    return sendAs(query.oneOf('format', ['json', 'csv']), reply, page);
  }

  @Get(':key')
  one(@Param('key') key: string, @Query() raw: RawQuery) {
    new QueryReader(raw, []);
    return required(this.register.get(key), 'team', key);
  }

  @Get(':key/history')
  history(@Param('key') key: string, @Query() raw: RawQuery) {
    required(this.register.get(key), 'team', key);
    return this.histories.page(teamStream(key), raw);
  }

  @Post()
  @Requires('register.change')
  create(@Body() body: CreateTeamDto, @Req() request: FastifyRequest) {
    return this.run(request, body.key, { type: 'CreateTeam', ...body });
  }

  @Post(':key/details')
  @HttpCode(200)
  @Requires('register.change')
  change(@Param('key') key: string, @Body() body: ChangeTeamDto, @Req() request: FastifyRequest) {
    return this.run(request, key, { type: 'ChangeTeam', ...body });
  }

  @Post(':key/retirement')
  @HttpCode(200)
  @Requires('register.change')
  retire(@Param('key') key: string, @Body() _body: EmptyDto, @Req() request: FastifyRequest) {
    return this.run(request, key, { type: 'RetireTeam' });
  }

  @Post(':key/reinstatement')
  @HttpCode(200)
  @Requires('register.change')
  reinstate(@Param('key') key: string, @Body() _body: EmptyDto, @Req() request: FastifyRequest) {
    return this.run(request, key, { type: 'ReinstateTeam' });
  }

  @Post(':key/members')
  @HttpCode(200)
  @Requires('register.change')
  addMember(@Param('key') key: string, @Body() { person }: PersonDto, @Req() request: FastifyRequest) {
    return this.run(request, key, { type: 'AddTeamMember', person: idOf(person, request) });
  }

  @Delete(':key/members/:person')
  @Requires('register.change')
  removeMember(@Param('key') key: string, @Param('person') person: string, @Req() request: FastifyRequest) {
    return this.run(request, key, { type: 'RemoveTeamMember', person: idOf(person, request) });
  }

  private async run(request: FastifyRequest, key: string, command: TeamCommand) {
    const { revision, position } = await this.commands.team(key, command, this.envelopes.of(request));
    return { id: key, key, revision, position };
  }
}

const idOf = (person: string, request: FastifyRequest): string =>
  person === 'me' ? principalOf(request).personId : person;
