import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type BlobStore, openFileBlobStore, openMongoBlobStore } from '@faultline/blob-store';
import { type Environment } from '@faultline/config';
import {
  type EventStore,
  followLmdbEventStore,
  openEventStoreDbEventStore,
  openLmdbEventStore,
} from '@faultline/event-store';
import { type KeyStore, openFileKeyStore, openMongoKeyStore } from '@faultline/key-store';
import { openLmdbReadStore, openMongoDbReadStore, type ReadStore } from '@faultline/read-store';

/** What of the environment says where the stores are: plain data, which may be handed to another thread. */
export type StoreSettings = Pick<
  Environment,
  'eventStore' | 'readStore' | 'keyStore' | 'blobStore' | 'storeTimeoutMs' | 'masterKey'
>;

/** The settings of the stores alone, out of a whole environment. */
export const storeSettings = (environment: Environment): StoreSettings => {
  const { eventStore, readStore, keyStore, blobStore, storeTimeoutMs, masterKey } = environment;
  return { eventStore, readStore, keyStore, blobStore, storeTimeoutMs, masterKey };
};

/** How the opener takes part: as the process's writer, or as another thread of it that only reads. */
export type Role = 'writer' | 'follower';

/** Opens the event store that is set. Throws StoreUnusable or StoreUnavailable. */
export async function openEventStore({ eventStore, storeTimeoutMs }: StoreSettings, role: Role): Promise<EventStore> {
  if (eventStore.kind === 'eventstoredb') {
    return openEventStoreDbEventStore({ url: eventStore.url, deadlineMs: storeTimeoutMs });
  }
  const directory = resolve(eventStore.directory);
  if (role === 'follower') return followLmdbEventStore({ directory });
  await mkdir(directory, { recursive: true });
  return openLmdbEventStore({ directory });
}

/** Opens the read store that is set. */
export async function openReadStore({ readStore, storeTimeoutMs }: StoreSettings): Promise<ReadStore> {
  if (readStore.kind === 'mongodb') {
    const settings = {
      serverSelectionTimeoutMS: storeTimeoutMs,
      connectTimeoutMS: storeTimeoutMs,
      socketTimeoutMS: storeTimeoutMs,
      waitQueueTimeoutMS: storeTimeoutMs,
    };
    return openMongoDbReadStore({ url: readStore.url, settings });
  }
  return openLmdbReadStore({ directory: resolve(readStore.directory) });
}

/** Opens the key store that is set. Throws KeyStoreUnusable where the master key is not the one it was made with. */
export async function openKeyStore({ keyStore, masterKey }: StoreSettings, role: Role): Promise<KeyStore> {
  if (keyStore.kind === 'mongodb') return openMongoKeyStore({ url: keyStore.url, masterKey });
  return openFileKeyStore({ directory: resolve(keyStore.directory), masterKey, readOnly: role === 'follower' });
}

/** Opens the blob store that is set; a follower of one in files puts nothing. */
export async function openBlobStore({ blobStore }: StoreSettings, role: Role = 'writer'): Promise<BlobStore> {
  if (blobStore.kind === 'mongodb') return openMongoBlobStore({ url: blobStore.url });
  return openFileBlobStore({ directory: resolve(blobStore.directory), readOnly: role === 'follower' });
}

/** Whether several processes may work on these stores at once, sharing the projections among them. */
export const areShared = ({ eventStore, readStore }: StoreSettings): boolean =>
  eventStore.kind !== 'embedded' && readStore.kind !== 'embedded';
