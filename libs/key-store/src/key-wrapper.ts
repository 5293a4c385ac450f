import { KeyStoreUnusable } from './key-store.errors';
import { masterKeyFrom } from './master-key';
import { decrypt, encrypt } from './seal';

/**
 * How a store of keys wraps them, so that a copy of the store opens nothing. The one that is delivered wraps by a master key; a key
 * management service is another one, whose calls leave the process: both methods may wait, and throw StoreUnavailable while it is away.
 */
export interface KeyWrapper {
  /** The wrapped secret as text; `id` is bound to it. */
  wrap(secret: Buffer, id: string): Promise<string>;
  /** The secret again. Throws KeyStoreUnusable where it was wrapped by other means, or under another id. */
  unwrap(wrapped: string, id: string): Promise<Buffer>;
}

/** The secret under the master key, as base64 of AES-256-GCM; the id is authenticated with it. */
export const wrapKey = (secret: Buffer, masterKey: Buffer, id: string): string =>
  encrypt(secret, masterKey, id).toString('base64');

/** The reverse of {@link wrapKey}. Throws KeyStoreUnusable where this master key did not wrap it. */
export function unwrapKey(wrapped: string, masterKey: Buffer, id: string): Buffer {
  try {
    return decrypt(Buffer.from(wrapped, 'base64'), masterKey, id);
  } catch (cause) {
    throw new KeyStoreUnusable(
      'The keys of personal data do not open with this master key. ' +
        'Set FAULTLINE_MASTER_KEY to the one they were made with; where there was none, restore keys/master.key.',
      { cause },
    );
  }
}

/** Wraps by the master key that an operator has set. Throws KeyStoreUnusable where none is given. */
export function masterKeyWrapper(text: string | undefined): KeyWrapper {
  if (text === undefined || text === '') {
    throw new KeyStoreUnusable(
      'FAULTLINE_MASTER_KEY is not set. Keys that several processes share need one, the same in each of them.',
    );
  }
  const masterKey = masterKeyFrom(text);
  return {
    wrap: (secret, id) => Promise.resolve(wrapKey(secret, masterKey, id)),
    unwrap: (wrapped, id) => Promise.resolve().then(() => unwrapKey(wrapped, masterKey, id)),
  };
}
