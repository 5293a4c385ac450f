import { createHmac } from 'node:crypto';
import { assertNever, conflict, type Decider, type EventSchemas, invalid, notFound } from '@faultline/kernel';
import { changed, changesOf } from './keys';

/** What is known of a person; every member is personal data, null where unknown or erased. */
export type PersonFields = {
  readonly name: string | null;
  readonly email: string | null;
  readonly phone: string | null;
};

type Changes = {
  readonly [Name in keyof PersonFields]?: { readonly from: PersonFields[Name]; readonly to: PersonFields[Name] };
};

export type PersonRegistered = {
  readonly type: 'PersonRegistered';
  readonly data: { readonly id: string } & PersonFields;
};
export type PersonChanged = { readonly type: 'PersonChanged'; readonly data: { readonly changes: Changes } };
export type PersonEvent = PersonRegistered | PersonChanged;

export type PersonCommand =
  | {
      readonly type: 'RegisterPerson';
      readonly id: string;
      readonly name: string;
      readonly email?: string | null;
      readonly phone?: string | null;
    }
  | ({ readonly type: 'ChangePerson' } & Partial<PersonFields>);

/** A person as the events tell; `id` is null before the registration. */
export type Person = PersonFields & { readonly id: string | null };

export const personEventSchemas: EventSchemas<PersonEvent['type']> = {
  PersonRegistered: { version: 1, personal: ['name', 'email', 'phone'] },
  PersonChanged: {
    version: 1,
    personal: ['name', 'email', 'phone'].flatMap((field) => [`changes.${field}.from`, `changes.${field}.to`]),
  },
};

/** The stream of a person. */
export const personStream = (id: string): string => `person-${id}`;

/** An e-mail address as identities compare it; undefined for a text that is none. */
export function normalizeEmail(text: string): string | undefined {
  const email = text.trim().toLowerCase();
  return /^[^\s@]{1,64}@[^\s@]{1,255}$/.test(email) ? email : undefined;
}

/** A telephone number as identities compare it: digits, a leading + kept; undefined for a text that is none. */
export function normalizePhone(text: string): string | undefined {
  const phone = text
    .trim()
    .replace(/^00/, '+')
    .replace(/[\s()./-]/g, '');
  return /^\+?\d{3,20}$/.test(phone) ? phone : undefined;
}

/**
 * The id of the person known by an identity: a UUID (RFC 9562, version 8) made of an HMAC-SHA256 under the installation's secret, so
 * that the same identity gives the same person everywhere, and nobody without the secret can guess back from the log.
 */
export function personIdFor(secret: Buffer, kind: 'email' | 'phone' | 'import' | 'command', value: string): string {
  const bytes = createHmac('sha256', secret)
    .update(JSON.stringify([kind, value]))
    .digest()
    .subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

function contact(
  value: string | null | undefined,
  normalize: (text: string) => string | undefined,
  pointer: string,
): string | null | undefined {
  if (value === undefined || value === null) return value;
  const normal = normalize(value);
  if (normal !== undefined) return normal;
  throw invalid('person.contact', `${pointer.slice(1)} is not valid`, { pointer });
}

/** The domain of a person. */
export const personDecider: Decider<Person, PersonCommand, PersonEvent> = {
  initialState: () => ({ id: null, name: null, email: null, phone: null }),
  decide: (command, person) => {
    switch (command.type) {
      case 'RegisterPerson': {
        const { id, name } = command;
        if (person.id !== null) throw conflict('person.exists', 'This person is registered already', { id: person.id });
        const email = contact(command.email, normalizeEmail, '/email') ?? null;
        const phone = contact(command.phone, normalizePhone, '/phone') ?? null;
        return [{ type: 'PersonRegistered', data: { id, name, email, phone } }];
      }
      case 'ChangePerson': {
        if (person.id === null) throw notFound('person.not-found', 'There is no such person');
        const { name } = command;
        const email = contact(command.email, normalizeEmail, '/email');
        const phone = contact(command.phone, normalizePhone, '/phone');
        const { id: _id, ...fields } = person;
        const changes = changesOf<PersonFields>(fields, { name, email, phone });
        return changes ? [{ type: 'PersonChanged', data: { changes } }] : [];
      }
      default:
        return assertNever(command);
    }
  },
  evolve: (person, event) => {
    switch (event.type) {
      case 'PersonRegistered':
        return { ...event.data };
      case 'PersonChanged':
        return changed<Person>(person, event.data.changes);
      default:
        return assertNever(event);
    }
  },
};
