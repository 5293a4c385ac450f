import { createHash } from 'node:crypto';
import { genesisHash, hashEvent, type RecordedEvent } from '@faultline/kernel';
import { MigrationRefused, named } from './migration.errors';

/** What a log holds: how many events, in how many streams, and the SHA-256 of their hashes in order, as raw bytes; in hex. */
export type LogSummary = { readonly events: number; readonly streams: number; readonly digest: string };

/**
 * Computes the hash chain of every stream anew while a log is read. A hash covers all of its event but the position, and the events before
 * it in its stream; the digest over all of them covers their order in the log.
 */
export class LogDigest {
  private readonly hash = createHash('sha256');
  /** The last hash of each stream, as a string of 32 one-byte characters: there may be a million streams. */
  private readonly last = new Map<string, string>();
  private events = 0;

  /** `side` is how messages name the log. */
  constructor(private readonly side: string) {}

  /** Takes in the next event and returns its hash. Throws MigrationRefused where the event does not carry it. */
  take(event: RecordedEvent): string {
    const { hash, ...metadata } = event.metadata;
    const previous = this.last.get(event.stream);
    const computed = hashEvent(previous === undefined ? genesisHash : hexOf(previous), { ...event, metadata });
    if (computed !== hash) {
      throw new MigrationRefused(
        `The hash chain of ${this.side} is broken at event ${this.events + 1}: ${named(event)} is not what was recorded. ` +
          'Restore the store from a backup.',
      );
    }
    const bytes = Buffer.from(computed, 'hex');
    this.hash.update(bytes);
    this.last.set(event.stream, bytes.toString('latin1'));
    this.events += 1;
    return computed;
  }

  /** Of everything so far; to be called once. */
  finish(): LogSummary {
    return { events: this.events, streams: this.last.size, digest: this.hash.digest('hex') };
  }
}

const hexOf = (bytes: string): string => Buffer.from(bytes, 'latin1').toString('hex');
