import { type openMongoDbReadStore as open } from './mongodb';

export * from './read-store.errors';
export * from './read-store.port';
export * from './lmdb';
export { type MongoDbReadStore } from './mongodb';

/** The read store in MongoDB. Its driver is loaded by the first call: a process on embedded stores does without. */
export const openMongoDbReadStore: typeof open = async (options) =>
  (await import('./mongodb/index.js')).openMongoDbReadStore(options);
