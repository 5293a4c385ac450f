import { type BlobStore } from '@faultline/blob-store';
import { type EventStore } from '@faultline/event-store';
import { type KeyStore } from '@faultline/key-store';
import { type RecordedEvent } from '@faultline/kernel';
import { type BlobComparison, compareBlobs } from './copy-blobs';
import { compareKeys, type KeyComparison } from './copy-keys';
import { compareLogs, type Comparison } from './compare-logs';
import { MigrationRefused } from './migration.errors';
import { collectKeys } from './named-keys';

/** What belongs together: a log, the keys that its sealed fields name, and the blobs that its events name. */
export type History = { readonly events: EventStore; readonly keys: KeyStore; readonly blobs: BlobStore };

/** How two histories compare. */
export type Survey = {
  readonly log: Comparison;
  readonly keys: KeyComparison;
  readonly blobs: BlobComparison;
  /** How many of the keys that the source's events name are in its key store neither whole nor destroyed. */
  readonly unknownKeys: number;
};

type Watch = { readonly onEvent?: (event: RecordedEvent) => void; readonly onRead?: (events: number) => void };

/** Compares everything and writes nothing. Throws MigrationRefused where the target cannot become what the source is. */
export async function survey(source: History, target: History, { onEvent, onRead }: Watch): Promise<Survey> {
  const named = new Set<string>();
  const watched = (event: RecordedEvent) => {
    collectKeys(event, named);
    onEvent?.(event);
  };
  const logs = { source: source.events, target: target.events };
  const log = await compareLogs(logs, { onEvent: watched, onRead });
  if (log.source.events === 0) throw new MigrationRefused('The source holds no events. Is it the right one?');
  const keys = await compareKeys(source.keys, target.keys);
  const unknownKeys = [...named].filter((id) => !keys.ids.has(id)).length;
  if (named.size > 0 && unknownKeys === named.size) {
    throw new MigrationRefused(
      'The key store of the source holds none of the keys that its events name. Is it the right one?',
    );
  }
  return { log, keys, blobs: await compareBlobs(source.blobs, target.blobs), unknownKeys };
}

/** Throws MigrationRefused, saying what, where the target lacks anything of the source. */
export function checkComplete({ log, keys, blobs }: Survey): void {
  const { source, target } = log;
  const lacking: string[] = [];
  const missing = source.events - target.events;
  if (missing > 0) lacking.push(`the last ${missing} of ${source.events} events`);
  if (keys.missing > 0) lacking.push(`${keys.missing} entries of the key store`);
  if (blobs.missing.length > 0) lacking.push(`${blobs.missing.length} of ${blobs.blobs} blobs`);
  if (lacking.length > 0) throw new MigrationRefused(`The target lacks ${lacking.join(', ')} of the source.`);
  if (source.digest !== target.digest) throw new MigrationRefused('The digests of the two logs differ.');
}
