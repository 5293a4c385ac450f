import { createHmac } from 'node:crypto';
import { Body, Controller, Delete, Get, Inject, Param, Post, Query, Req } from '@nestjs/common';
import { deriveId, invalid, toInstant } from '@faultline/kernel';
import { type KeyStore } from '@faultline/key-store';
import { PersonRegister, TeamRegister } from '@faultline/organisation';
import { hashApiKey, KeyRegister, permissions, permits, writeApiKey } from '@faultline/security';
import { type FastifyRequest } from 'fastify';
import { Requires } from '../http/auth.guard';
import { CommandEnvelopes } from '../http/command-envelopes';
import { QueryReader, type RawQuery } from '../http/query';
import { principalOf } from '../http/request-context';
import { KEY_STORE } from '../platform/tokens';
import { RegisterCommands } from './register-commands';
import { listingPage, required } from './register-listing';
import { IssueKeyDto } from './register.dto';

/** API keys: who may speak to the gateway, and as whom. */
@Controller('v1')
export class KeysController {
  constructor(
    @Inject(KeyRegister) private readonly register: KeyRegister,
    @Inject(PersonRegister) private readonly persons: PersonRegister,
    @Inject(TeamRegister) private readonly teams: TeamRegister,
    @Inject(RegisterCommands) private readonly commands: RegisterCommands,
    @Inject(CommandEnvelopes) private readonly envelopes: CommandEnvelopes,
    @Inject(KEY_STORE) private readonly keys: KeyStore,
  ) {}

  @Get('me')
  me(@Query() raw: RawQuery, @Req() request: FastifyRequest) {
    new QueryReader(raw, []);
    const principal = principalOf(request);
    const { personId: id, keyId, role } = principal;
    const name = this.persons.get(id)?.name ?? null;
    const granted = permissions.filter((permission) => permits(principal, permission));
    const teams = this.teams.all().filter(({ members, retired }) => !retired && members.includes(id));
    const named = teams.map(({ key, name: called, tier }) => ({ key, name: called, tier }));
    return { id, name, key: keyId, roles: [role], permissions: granted, teams: named };
  }

  @Get('keys')
  @Requires('key.manage')
  list(@Query() raw: RawQuery) {
    const query = new QueryReader(raw, ['limit', 'cursor', 'q']);
    const all = [...this.register.all()].sort((a, b) => (a.id < b.id ? -1 : 1));
    return listingPage(all, query, { key: ({ id }) => id, text: ({ name }) => name });
  }

  @Get('keys/:id')
  @Requires('key.manage')
  one(@Param('id') id: string, @Query() raw: RawQuery) {
    new QueryReader(raw, []);
    return required(
      this.register.all().find((key) => key.id === id),
      'key',
      id,
    );
  }

  /**
   * Issues a key and shows it this once. It is made of the command's id under the installation's secret, so that a repetition with
   * the same Idempotency-Key is answered with the same key although no store holds it.
   */
  @Post('keys')
  @Requires('key.manage')
  async issue(@Body() body: IssueKeyDto, @Req() request: FastifyRequest) {
    const envelope = this.envelopes.of(request);
    const { personId } = principalOf(request);
    const person = body.person === 'me' ? personId : body.person;
    if (!this.persons.has(person)) {
      throw invalid('key.unknown-person', `There is no person ${person}`, { pointer: '/person' });
    }
    const material = JSON.stringify(['api-key', envelope.commandId]);
    const key = writeApiKey(createHmac('sha256', this.keys.installationSecret).update(material).digest());
    const id = deriveId('key', envelope.commandId);
    const expiresAt = body.expiresAt === undefined ? null : toInstant(Date.parse(body.expiresAt));
    const command = {
      type: 'IssueApiKey',
      name: body.name,
      hash: hashApiKey(key),
      person,
      role: body.role,
      expiresAt,
    } as const;
    const { revision, position } = await this.commands.key(id, command, envelope);
    return { id, key, revision, position };
  }

  @Delete('keys/:id')
  @Requires('key.manage')
  async revoke(@Param('id') id: string, @Req() request: FastifyRequest) {
    const envelope = this.envelopes.of(request);
    const { revision, position } = await this.commands.key(id, { type: 'RevokeApiKey' }, envelope);
    return { id, revision, position };
  }
}
