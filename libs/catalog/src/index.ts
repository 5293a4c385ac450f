export * from './catalog.register';
export * from './domain/catalog.decider';
export * from './domain/catalog.events';
