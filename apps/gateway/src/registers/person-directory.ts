import { Inject, Injectable } from '@nestjs/common';
import { type CommandEnvelope } from '@faultline/commands';
import { deriveId, DomainError, invalid } from '@faultline/kernel';
import { type KeyStore } from '@faultline/key-store';
import { normalizeEmail, normalizePhone, personIdFor, PersonRegister } from '@faultline/organisation';
import { KEY_STORE } from '../platform/tokens';
import { RegisterCommands } from './register-commands';

/** What a caller knows of a person. */
export type PersonDetails = {
  readonly name: string;
  readonly email?: string | undefined;
  readonly phone?: string | undefined;
};

/** A person found, or registered by this very call. */
export type ResolvedPerson = {
  readonly id: string;
  readonly created: boolean;
};

/** Finds persons by what identifies them, and registers those who are new. */
@Injectable()
export class PersonDirectory {
  constructor(
    @Inject(PersonRegister) private readonly register: PersonRegister,
    @Inject(RegisterCommands) private readonly commands: RegisterCommands,
    @Inject(KEY_STORE) private readonly keys: KeyStore,
  ) {}

  /**
   * The person with this e-mail address, else with this telephone number, else a new one. A name alone identifies nobody.
   * Throws `request.invalid` for an address or number that is none.
   */
  async resolve(details: PersonDetails, envelope: CommandEnvelope): Promise<string> {
    return (await this.find(details, envelope)).id;
  }

  /** As {@link resolve}, telling whether the person is new. */
  async find(details: PersonDetails, envelope: CommandEnvelope): Promise<ResolvedPerson> {
    const email = normal(details.email, normalizeEmail, 'email');
    const phone = normal(details.phone, normalizePhone, 'phone');
    const known =
      (email === undefined ? undefined : this.register.byEmail(email)) ??
      (phone === undefined ? undefined : this.register.byPhone(phone));
    if (known !== undefined) return { id: known, created: false };
    const own = this.idOf('command', envelope.commandId);
    // The identity makes the id: two requests at once, or two processes, meet in one stream.
    const id = email !== undefined ? this.idOf('email', email) : phone !== undefined ? this.idOf('phone', phone) : own;
    const fields = { name: details.name, email: email ?? null, phone: phone ?? null };
    if (await this.registered(id, fields, envelope)) return { id, created: true };
    const holder = this.register.get(id);
    const same = email !== undefined ? holder?.email === email : holder?.phone === phone;
    if (id === own || same) return { id, created: false };
    // Somebody who had this address once has another one now.
    return { id: own, created: await this.registered(own, fields, envelope) };
  }

  private async registered(
    id: string,
    fields: { name: string; email: string | null; phone: string | null },
    envelope: CommandEnvelope,
  ): Promise<boolean> {
    const { expectedRevision: _revision, commandDigest: _digest, ...rest } = envelope;
    const commandId = deriveId(envelope.commandId, 'person', id);
    try {
      await this.commands.person(id, { type: 'RegisterPerson', id, ...fields }, { ...rest, commandId });
      return true;
    } catch (error) {
      if (error instanceof DomainError && error.code === 'person.exists') return false;
      throw error;
    }
  }

  private idOf(kind: 'email' | 'phone' | 'command', value: string): string {
    return personIdFor(this.keys.installationSecret, kind, value);
  }
}

function normal(
  text: string | undefined,
  normalize: (text: string) => string | undefined,
  field: 'email' | 'phone',
): string | undefined {
  if (text === undefined) return undefined;
  const value = normalize(text);
  if (value !== undefined) return value;
  const what = field === 'email' ? 'an e-mail address' : 'a telephone number';
  throw invalid('request.invalid', `${field} must be ${what}`, { pointer: `/requester/${field}` });
}
