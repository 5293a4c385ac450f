import { EventCodec } from '@faultline/commands';
import { type EventStore } from '@faultline/event-store';
import { type Clock } from '@faultline/kernel';
import { type KeyStore } from '@faultline/key-store';
import { SharedProjections } from '@faultline/projections';
import { type ReadStore } from '@faultline/read-store';
import { eventSchemas } from './event-schemas';
import { projections } from './projections';

/** What a process needs to take its share in feeding the models. */
export type ShareServices = {
  readonly events: EventStore;
  readonly documents: ReadStore;
  readonly keys: KeyStore;
  readonly clock: Clock;
  /** By which name it holds its leases: different for each process, also after a restart. */
  readonly owner: string;
  readonly onTrouble: (message: string, fatal: boolean) => void;
};

/** One process's share in feeding every read model of the platform. */
export function shareOf({ events, documents, keys, clock, owner, onTrouble }: ShareServices): SharedProjections {
  const codec = new EventCodec(eventSchemas, keys);
  return new SharedProjections(projections, {
    events,
    store: documents,
    clock,
    owner,
    open: (batch) => codec.openAll(batch),
    onTrouble: ({ error, fatal }) => {
      onTrouble(error instanceof Error ? (error.stack ?? error.message) : String(error), fatal);
    },
  });
}
