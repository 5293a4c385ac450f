import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Req, Res } from '@nestjs/common';
import { type ServiceCommand, ServiceRegister, serviceStream } from '@faultline/organisation';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { Requires } from '../http/auth.guard';
import { CommandEnvelopes } from '../http/command-envelopes';
import { sendAs } from '../http/formats';
import { QueryReader, type RawQuery } from '../http/query';
import { EmptyDto } from '../incidents/incident.dto';
import { RegisterCommands } from './register-commands';
import { RegisterHistory } from './register-history';
import { listingPage, listingParameters, required } from './register-listing';
import { ChangeServiceDto, CreateServiceDto } from './register.dto';

/** Services: what incidents are about. */
@Controller('v1/services')
@Requires('register.read')
export class ServicesController {
  constructor(
    @Inject(ServiceRegister) private readonly register: ServiceRegister,
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
    return required(this.register.get(key), 'service', key);
  }

  @Get(':key/history')
  history(@Param('key') key: string, @Query() raw: RawQuery) {
    required(this.register.get(key), 'service', key);
    return this.histories.page(serviceStream(key), raw);
  }

  @Post()
  @Requires('register.change')
  create(@Body() body: CreateServiceDto, @Req() request: FastifyRequest) {
    return this.run(request, body.key, { type: 'CreateService', ...body });
  }

  @Post(':key/details')
  @HttpCode(200)
  @Requires('register.change')
  change(@Param('key') key: string, @Body() body: ChangeServiceDto, @Req() request: FastifyRequest) {
    return this.run(request, key, { type: 'ChangeService', ...body });
  }

  @Post(':key/retirement')
  @HttpCode(200)
  @Requires('register.change')
  retire(@Param('key') key: string, @Body() _body: EmptyDto, @Req() request: FastifyRequest) {
    return this.run(request, key, { type: 'RetireService' });
  }

  @Post(':key/reinstatement')
  @HttpCode(200)
  @Requires('register.change')
  reinstate(@Param('key') key: string, @Body() _body: EmptyDto, @Req() request: FastifyRequest) {
    return this.run(request, key, { type: 'ReinstateService' });
  }

  private async run(request: FastifyRequest, key: string, command: ServiceCommand) {
    const { revision, position } = await this.commands.service(key, command, this.envelopes.of(request));
    return { id: key, key, revision, position };
  }
}
