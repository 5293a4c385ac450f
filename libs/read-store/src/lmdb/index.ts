export { LmdbReadStore, openLmdbReadStore } from './lmdb-read-store';
export { planQuery, type QueryPlan } from './query-plan';
