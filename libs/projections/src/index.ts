export { PoisonEvent } from './poison-event';
export * from './projection';
export { type BoardEntry, ProjectionBoard } from './projection-board';
export * from './projection-host';
export { type RebuildProgress } from './rebuild';
export { SharedProjections } from './shared-projections';
