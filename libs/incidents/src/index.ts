export * from './domain/incident.commands';
export * from './domain/incident.events';
export * from './domain/incident.state';
export * from './domain/incident.types';
