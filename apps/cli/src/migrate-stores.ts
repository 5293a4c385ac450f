import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type History } from '@faultline/migration';
import { openBlobStore, openEventStore, openKeyStore, openTogether, type StoreSettings } from '@faultline/stores';
import { UserError } from './explain';

/** A history whose stores are open. */
export type OpenHistory = History & { close(): Promise<void> };

/** What is there and is only read, or what may be made where it is missing. */
export type Purpose = 'read' | 'write';

/**
 * Opens the three stores; an embedded log as its one writer also where it is only read, so that nobody writes meanwhile. Throws UserError
 * where there is nothing to read, StoreUnusable where a server runs on it, KeyStoreUnusable for another master key.
 */
export async function openHistory(settings: StoreSettings, purpose: Purpose): Promise<OpenHistory> {
  if (purpose === 'read') requireFiles(settings);
  const role = purpose === 'read' ? 'follower' : 'writer';
  const { stores, close } = await openTogether(async (keep) => {
    const events = keep(await openEventStore(settings, 'writer'));
    const keys = keep(await openKeyStore(settings, role));
    return { events, keys, blobs: keep(await openBlobStore(settings, role)) };
  });
  return { ...stores, close };
}

/** Opening a directory for reading must not make a store of it. */
function requireFiles({ eventStore, keyStore }: StoreSettings): void {
  if (eventStore.kind === 'embedded') {
    const { directory } = eventStore;
    if (!existsSync(join(resolve(directory), 'events', 'data.mdb'))) {
      throw new UserError(`there is no event store in ${directory}`);
    }
  }
  if (keyStore.kind === 'embedded') {
    const { directory } = keyStore;
    if (!existsSync(join(resolve(directory), 'keys', 'keys.ndjson'))) {
      throw new UserError(`there is no key store in ${directory}`);
    }
  }
}
