import { type openMongoKeyStore as open } from './mongodb/mongo-key-store';

export { FileKeyStore, type FileKeyStoreOptions, openFileKeyStore } from './file/file-key-store';
export * from './key-store.port';
export { type KeyWrapper, masterKeyWrapper } from './key-wrapper';
export { openField, sealField } from './seal';
export * from './key-store.errors';
export { type MongoKeyStoreOptions } from './mongodb/mongo-key-store';
export { openStream, sealedChunkBytes, sealStream } from './seal-stream';

/** The keys in MongoDB. Its driver is loaded by the first call: a process on embedded stores does without. */
export const openMongoKeyStore: typeof open = async (options) =>
  (await import('./mongodb/mongo-key-store.js')).openMongoKeyStore(options);
