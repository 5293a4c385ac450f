import { createHash, randomBytes } from 'node:crypto';
import { type RecordedEvent, type Register } from '@faultline/kernel';
import { type ApiKey, apiKeyDecider, type ApiKeyEvent } from './domain/api-key.decider';
import { type Principal } from './domain/permissions';

/** An API key as its holder writes it. */
export const writeApiKey = (bits: Buffer): string => `flk_${bits.toString('base64url')}`;

/** A new API key, 256 random bits; only its holder ever sees it. */
export const makeApiKey = (): string => writeApiKey(randomBytes(32));

/** What is recorded of a key. */
export const hashApiKey = (key: string): string => createHash('sha256').update(key, 'utf8').digest('hex');

/** A key that was issued, without its hash. */
export type ListedKey = {
  readonly id: string;
  readonly revision: number;
  readonly name: string;
  readonly person: string;
  readonly role: string;
  readonly expiresAt: string | null;
  readonly revoked: boolean;
};

/** API keys by the hash of what a caller presents: the look-up compares hashes, so its time tells nothing about a key. */
export class KeyRegister implements Register {
  readonly streamPrefixes = ['key-'];
  private readonly byId = new Map<string, ApiKey & { readonly revision: number }>();
  private readonly byHash = new Map<string, string>();
  private readonly admitted = new Map<string, Principal>();

  apply(event: RecordedEvent): void {
    const id = event.stream.slice('key-'.length);
    const before = this.byId.get(id) ?? apiKeyDecider.initialState();
    const after = apiKeyDecider.evolve(before, event as unknown as ApiKeyEvent, event);
    this.byId.set(id, { ...after, revision: event.revision });
    if (after.issued) this.byHash.set(after.issued.hash, id);
  }

  /** The principal behind a presented key; undefined if it is unknown, revoked or expired at `now` (ms). */
  find(presented: string, now: number): Principal | undefined {
    const hash = hashApiKey(presented);
    const admitted = this.admitted.get(hash);
    if (admitted) return admitted;
    const id = this.byHash.get(hash);
    const key = id === undefined ? undefined : this.byId.get(id);
    if (id === undefined || !key?.issued || key.revoked) return undefined;
    const { person, role, expiresAt } = key.issued;
    if (expiresAt !== null && Date.parse(expiresAt) <= now) return undefined;
    return { keyId: id, personId: person, role };
  }

  /** Lets a key in for as long as this process lives. */
  admit(key: string, principal: Principal): void {
    this.admitted.set(hashApiKey(key), principal);
  }

  /** Whether a key with this hash was ever issued, revoked or not. */
  knows(hash: string): boolean {
    return this.byHash.has(hash);
  }

  /** Whether any key of an administrator was ever issued. */
  get hasAdministrator(): boolean {
    return [...this.byId.values()].some(({ issued }) => issued?.role === 'administrator');
  }

  all(): readonly ListedKey[] {
    return [...this.byId].flatMap(([id, { issued, revoked, revision }]) => {
      if (!issued) return [];
      const { name, person, role, expiresAt } = issued;
      return [{ id, revision, name, person, role, expiresAt, revoked }];
    });
  }
}
