import { personEventSchemas } from './domain/person.decider';
import { serviceEventSchemas } from './domain/service.decider';
import { teamEventSchemas } from './domain/team.decider';

export * from './domain/person.decider';
export * from './domain/service.decider';
export * from './domain/team.decider';
export * from './registers';

/** The stored types of this context. */
export const organisationEventSchemas = { ...teamEventSchemas, ...personEventSchemas, ...serviceEventSchemas };
