export * from './event-store.errors';
export * from './event-store.port';
export { followLmdbEventStore, LmdbEventStore, openLmdbEventStore } from './lmdb/lmdb-event-store';
export * from './position';
