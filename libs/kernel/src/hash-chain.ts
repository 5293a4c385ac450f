import { createHash } from 'node:crypto';
import { type Metadata } from './events';
import { canonicalJson, type Json, type JsonObject } from './json';

/** The hash before revision 0. */
export const genesisHash = '0'.repeat(64);

/** What a hash covers: the event as it will be stored, personal fields sealed, its metadata without `hash`. */
export type HashedEvent = {
  readonly stream: string;
  readonly revision: number;
  readonly id: string;
  readonly type: string;
  readonly data: JsonObject;
  readonly metadata: Omit<Metadata, 'hash'>;
};

/**
 * The link of one event in its stream's chain: SHA-256 over the 32 raw bytes of the previous hash, followed by the UTF-8 of the
 * canonical JSON (RFC 8785) of {@link HashedEvent}; lower-case hex.
 */
export function hashEvent(previous: string, event: HashedEvent): string {
  const { stream, revision, id, type, data, metadata } = event;
  const text = canonicalJson({ stream, revision, id, type, data, metadata: metadata as unknown as Json });
  return createHash('sha256').update(Buffer.from(previous, 'hex')).update(text).digest('hex');
}
