export * from './domain/api-key.decider';
export * from './domain/permissions';
export * from './key.register';
