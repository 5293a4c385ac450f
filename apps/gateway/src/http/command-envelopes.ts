import { Inject, Injectable } from '@nestjs/common';
import { type CommandEnvelope } from '@faultline/commands';
import { type KeyStore } from '@faultline/key-store';
import { type FastifyRequest } from 'fastify';
import { KEY_STORE } from '../platform/tokens';
import { commandEnvelope } from './command-envelope';

/** Makes the envelope of a request's command. */
@Injectable()
export class CommandEnvelopes {
  constructor(@Inject(KEY_STORE) private readonly keys: KeyStore) {}

  /** Throws `request.idempotency-key` or `request.if-match` where a header is malformed. */
  of(request: FastifyRequest): CommandEnvelope {
    return commandEnvelope(request, this.keys.installationSecret);
  }
}
