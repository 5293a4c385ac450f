import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Req, Res } from '@nestjs/common';
import { PersonRegister, personStream } from '@faultline/organisation';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { Requires } from '../http/auth.guard';
import { CommandEnvelopes } from '../http/command-envelopes';
import { sendAs } from '../http/formats';
import { QueryReader, type RawQuery } from '../http/query';
import { principalOf } from '../http/request-context';
import { PersonDirectory } from './person-directory';
import { RegisterCommands } from './register-commands';
import { RegisterHistory } from './register-history';
import { listingPage, listingParameters, required } from './register-listing';
import { ChangePersonDto, CreatePersonDto } from './register.dto';

/** Persons: requesters, agents, everyone whom incidents name. */
@Controller('v1/people')
@Requires('register.read')
export class PeopleController {
  constructor(
    @Inject(PersonRegister) private readonly register: PersonRegister,
    @Inject(PersonDirectory) private readonly directory: PersonDirectory,
    @Inject(RegisterCommands) private readonly commands: RegisterCommands,
    @Inject(CommandEnvelopes) private readonly envelopes: CommandEnvelopes,
    @Inject(RegisterHistory) private readonly histories: RegisterHistory,
  ) {}

  @Get()
  list(@Query() raw: RawQuery, @Res({ passthrough: true }) reply: FastifyReply) {
    const query = new QueryReader(raw, listingParameters);
    const page = listingPage(this.register.all(), query, {
      key: ({ id }) => id,
      text: ({ name, email, phone }) => [name, email, phone].join('\n'),
    });
    return sendAs(query.oneOf('format', ['json', 'csv']), reply, page);
  }

  @Get(':id')
  one(@Param('id') given: string, @Query() raw: RawQuery, @Req() request: FastifyRequest) {
    new QueryReader(raw, []);
    const id = this.idOf(given, request);
    return required(this.register.get(id), 'person', id);
  }

  @Get(':id/history')
  history(@Param('id') given: string, @Query() raw: RawQuery, @Req() request: FastifyRequest) {
    const id = this.idOf(given, request);
    required(this.register.get(id), 'person', id);
    return this.histories.page(personStream(id), raw);
  }

  /** Registers a person; 200 with the one who is known already by this e-mail address or telephone number. */
  @Post()
  @Requires('register.change')
  async create(
    @Body() body: CreatePersonDto,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { id, created } = await this.directory.find(body, this.envelopes.of(request));
    const { revision, position } = required(this.register.get(id), 'person', id);
    void reply.status(created ? 201 : 200).header('location', `/v1/people/${id}`);
    return { id, revision, position };
  }

  @Post(':id/details')
  @HttpCode(200)
  @Requires('register.change')
  async change(@Param('id') given: string, @Body() body: ChangePersonDto, @Req() request: FastifyRequest) {
    const id = this.idOf(given, request);
    const command = { type: 'ChangePerson', ...body } as const;
    const { revision, position } = await this.commands.person(id, command, this.envelopes.of(request));
    return { id, revision, position };
  }

  private idOf(given: string, request: FastifyRequest): string {
    return given === 'me' ? principalOf(request).personId : given.toLowerCase();
  }
}
