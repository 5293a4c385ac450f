export { LmdbReadStore, openLmdbReadStore } from './lmdb-read-store';
export { ReadStoreUnusable, UnknownCollection } from './environment';
export { planQuery, type QueryPlan } from './query-plan';
