import { Inject, Injectable } from '@nestjs/common';
import { invalid } from '@faultline/kernel';
import { PersonRegister } from '@faultline/organisation';
import { type FastifyRequest } from 'fastify';
import { CommandEnvelopes } from '../http/command-envelopes';
import { principalOf } from '../http/request-context';
import { PersonDirectory } from '../registers/person-directory';
import { type RequesterDto, type ResolutionDto } from './incident.dto';

/** Turns the persons that a request names into ids; one who is not known yet is registered on first sight. */
@Injectable()
export class PersonResolver {
  constructor(
    @Inject(PersonRegister) private readonly register: PersonRegister,
    @Inject(PersonDirectory) private readonly directory: PersonDirectory,
    @Inject(CommandEnvelopes) private readonly envelopes: CommandEnvelopes,
  ) {}

  /** The id behind `{id}` or `{name, email?, phone?}`; null and undefined stay what they are. */
  async resolve<Absent extends null | undefined>(
    given: RequesterDto | Absent,
    request: FastifyRequest,
  ): Promise<string | Absent> {
    if (!given) return given;
    const { id, name, email, phone } = given;
    if (id !== undefined) {
      if (name !== undefined || email !== undefined || phone !== undefined) {
        throw invalid('request.invalid', 'A requester is named by an id, or by name, e-mail and phone, not by both', {
          pointer: '/requester',
        });
      }
      return this.known(id, request);
    }
    return this.directory.resolve({ name: name ?? '', email, phone }, this.envelopes.of(request));
  }

  /** The id itself, with `me` replaced by the caller's. Whether such a person exists is for the domain to say. */
  known<Id extends string | undefined>(id: Id, request: FastifyRequest): Id | string {
    return id === 'me' ? principalOf(request).personId : id;
  }

  /** A resolution of which `me` has verified that it works, with that person's id. */
  verified<Resolution extends ResolutionDto | undefined>(resolution: Resolution, request: FastifyRequest): Resolution {
    if (!resolution?.verification) return resolution;
    const { how, by } = resolution.verification;
    const verification = by === undefined ? { how } : { how, by: this.known(by, request) };
    return Object.assign({}, resolution, { verification });
  }

  /** The id of a person who must exist. */
  required(id: string, request: FastifyRequest): string {
    const person = this.known(id, request);
    if (this.register.has(person)) return person;
    throw invalid('incident.unknown-person', `There is no person ${person}`, { pointer: '/person' });
  }
}
