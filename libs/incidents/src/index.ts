export * from './domain/external-key.decider';
export * from './domain/incident.commands';
export * from './domain/incident.decider';
export * from './domain/incident.events';
export { evolve, initialIncident } from './domain/incident.evolve';
export * from './domain/incident.state';
export * from './domain/incident.types';
export * from './domain/incident.view';
export * from './domain/numbers.decider';
