export * from './event-store.errors';
export * from './event-store.port';
export { type EventStoreDbOptions, openEventStoreDbEventStore } from './eventstoredb/eventstoredb-event-store';
export { followLmdbEventStore, LmdbEventStore, openLmdbEventStore } from './lmdb/lmdb-event-store';
export * from './position';
