import { assertNever, conflict, type Decider, type EventSchemas, notFound } from '@faultline/kernel';
import { changed, changesOf, requireKey } from './keys';

export type ServiceFields = { readonly name: string; readonly description: string | null };

type Changes = {
  readonly [Name in keyof ServiceFields]?: { readonly from: ServiceFields[Name]; readonly to: ServiceFields[Name] };
};

export type ServiceCreated = {
  readonly type: 'ServiceCreated';
  readonly data: { readonly key: string } & ServiceFields;
};
export type ServiceChanged = { readonly type: 'ServiceChanged'; readonly data: { readonly changes: Changes } };
export type ServiceRetired = { readonly type: 'ServiceRetired'; readonly data: Readonly<Record<string, never>> };
export type ServiceReinstated = { readonly type: 'ServiceReinstated'; readonly data: Readonly<Record<string, never>> };
export type ServiceEvent = ServiceCreated | ServiceChanged | ServiceRetired | ServiceReinstated;

export type ServiceCommand =
  | {
      readonly type: 'CreateService';
      readonly key: string;
      readonly name: string;
      readonly description?: string | null;
    }
  | ({ readonly type: 'ChangeService' } & Partial<ServiceFields>)
  | { readonly type: 'RetireService' }
  | { readonly type: 'ReinstateService' };

/** A service as its events tell it; `key` is null before it was created. */
export type Service = ServiceFields & { readonly key: string | null; readonly retired: boolean };

export const serviceEventSchemas: EventSchemas<ServiceEvent['type']> = {
  ServiceCreated: { version: 1 },
  ServiceChanged: { version: 1 },
  ServiceRetired: { version: 1 },
  ServiceReinstated: { version: 1 },
};

/** The stream of a service. */
export const serviceStream = (key: string): string => `service-${key}`;

/** The domain of a service. */
export const serviceDecider: Decider<Service, ServiceCommand, ServiceEvent> = {
  initialState: () => ({ key: null, name: '', description: null, retired: false }),
  decide: (command, service) => {
    if (command.type === 'CreateService') {
      const { key, name, description = null } = command;
      if (service.key !== null) throw conflict('service.exists', `There is a service ${key} already`, { key });
      requireKey('service', key);
      return [{ type: 'ServiceCreated', data: { key, name, description } }];
    }
    if (service.key === null) throw notFound('service.not-found', 'There is no such service');
    switch (command.type) {
      case 'ChangeService': {
        const { type: _type, ...wanted } = command;
        const { key: _key, retired: _retired, ...fields } = service;
        const changes = changesOf<ServiceFields>(fields, wanted);
        return changes ? [{ type: 'ServiceChanged', data: { changes } }] : [];
      }
      case 'RetireService':
        return service.retired ? [] : [{ type: 'ServiceRetired', data: {} }];
      case 'ReinstateService':
        return service.retired ? [{ type: 'ServiceReinstated', data: {} }] : [];
      default:
        return assertNever(command);
    }
  },
  evolve: (service, event) => {
    switch (event.type) {
      case 'ServiceCreated':
        return { ...event.data, retired: false };
      case 'ServiceChanged':
        return changed<Service>(service, event.data.changes);
      case 'ServiceRetired':
        return { ...service, retired: true };
      case 'ServiceReinstated':
        return { ...service, retired: false };
      default:
        return assertNever(event);
    }
  },
};
