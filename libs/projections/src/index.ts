export { PoisonEvent } from './poison-event';
export * from './projection';
export * from './projection-host';
export { type RebuildProgress } from './rebuild';
