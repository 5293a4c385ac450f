export * from './migrate';
export * from './migration.errors';
export { type Progress } from './progress';
