import { assertNever, conflict, type Decider, type EventSchemas, notFound } from '@faultline/kernel';
import { type Role } from './permissions';

export type ApiKeyIssued = {
  readonly type: 'ApiKeyIssued';
  readonly data: {
    readonly name: string;
    /** SHA-256 of the key, lower-case hex: keys are long and random, so that nothing slower is needed. */
    readonly hash: string;
    readonly person: string;
    readonly role: Role;
    readonly expiresAt: string | null;
  };
};
export type ApiKeyRevoked = { readonly type: 'ApiKeyRevoked'; readonly data: Readonly<Record<string, never>> };
export type ApiKeyEvent = ApiKeyIssued | ApiKeyRevoked;

export type ApiKeyCommand =
  ({ readonly type: 'IssueApiKey' } & ApiKeyIssued['data']) | { readonly type: 'RevokeApiKey' };

/** A key as its events tell it; null before it was issued. */
export type ApiKey = { readonly issued: ApiKeyIssued['data'] | null; readonly revoked: boolean };

export const securityEventSchemas: EventSchemas<ApiKeyEvent['type']> = {
  ApiKeyIssued: { version: 1 },
  ApiKeyRevoked: { version: 1 },
};

/** The stream of a key. */
export const apiKeyStream = (id: string): string => `key-${id}`;

/** The domain of an API key. */
export const apiKeyDecider: Decider<ApiKey, ApiKeyCommand, ApiKeyEvent> = {
  initialState: () => ({ issued: null, revoked: false }),
  decide: (command, key) => {
    switch (command.type) {
      case 'IssueApiKey': {
        if (key.issued) throw conflict('key.exists', 'This key was issued already');
        const { type: _type, ...data } = command;
        return [{ type: 'ApiKeyIssued', data }];
      }
      case 'RevokeApiKey':
        if (!key.issued) throw notFound('key.not-found', 'There is no such key');
        return key.revoked ? [] : [{ type: 'ApiKeyRevoked', data: {} }];
      default:
        return assertNever(command);
    }
  },
  evolve: (key, event) => {
    switch (event.type) {
      case 'ApiKeyIssued':
        return { issued: event.data, revoked: false };
      case 'ApiKeyRevoked':
        return { ...key, revoked: true };
      default:
        return assertNever(event);
    }
  },
};
