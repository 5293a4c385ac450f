export * from './projection';
export * from './projection-host';
export { type RebuildProgress } from './rebuild';
