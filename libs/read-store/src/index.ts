export * from './read-store.errors';
export * from './read-store.port';
export * from './lmdb';
export * from './mongodb';
