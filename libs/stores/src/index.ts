export * from './open-stores';
export * from './open-together';
