export * from './command-runtime';
export * from './event-codec';
export * from './event-writer';
export * from './keyed-mutex';
export * from './register-feed';
export * from './stream-cache';
