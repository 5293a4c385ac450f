import { type openMongoBlobStore as open } from './mongodb/mongo-blob-store';

export * from './blob-store.errors';
export * from './blob-store.port';
export { type FileBlobStoreOptions, openFileBlobStore } from './file/file-blob-store';
export * from './sealed-blobs';

/** The blobs in MongoDB's GridFS. Its driver is loaded by the first call: a process on embedded stores does without. */
export const openMongoBlobStore: typeof open = async (options) =>
  (await import('./mongodb/mongo-blob-store.js')).openMongoBlobStore(options);
