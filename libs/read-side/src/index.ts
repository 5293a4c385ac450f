export * from './event-schemas';
export * from './messages';
export * from './read-side';
export * from './read-side-host';
export * from './worker-read-side';
