import { type openEventStoreDbEventStore as open } from './eventstoredb/eventstoredb-event-store';

export * from './event-store.errors';
export * from './event-store.port';
export { type EventStoreDbOptions } from './eventstoredb/eventstoredb-event-store';
export { followLmdbEventStore, LmdbEventStore, openLmdbEventStore } from './lmdb/lmdb-event-store';
export * from './position';

/** The log in EventStoreDB. Its driver is loaded by the first call: a process on embedded stores does without. */
export const openEventStoreDbEventStore: typeof open = async (options) =>
  (await import('./eventstoredb/eventstoredb-event-store.js')).openEventStoreDbEventStore(options);
