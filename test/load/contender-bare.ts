import {
  EventStoreDBClient,
  excludeSystemEvents,
  FORWARDS,
  jsonEvent,
  NO_STREAM,
  type ReadPosition,
  START,
} from '@eventstore/db-client';
import { parsePosition } from '@faultline/event-store';
import { type NewEvent } from '@faultline/kernel';
import { open } from 'lmdb';
import { type Contender, Counted, type Place, sampleEvent } from './contender';

type Stored = NewEvent & { readonly stream: string };

/** The driver alone: no checks, no retries, no deadlines of its own, no order among the appends beyond what it keeps by itself. */
export const openBare = (place: Place): Promise<Contender> =>
  Promise.resolve(place.kind === 'lmdb' ? bareLmdb(place.directory) : bareEventStoreDb(place.url));

function bareEventStoreDb(url: string): Contender {
  const client = EventStoreDBClient.connectionString(url);
  const numbersOf = (from: string | undefined): ReadPosition =>
    (from === undefined ? undefined : parsePosition(from)) ?? START;
  return {
    append: (stream) => {
      const { id, type, data, metadata } = sampleEvent();
      const event = jsonEvent({ id, type, data, metadata });
      return client.appendToStream(stream, event, { expectedRevision: NO_STREAM });
    },
    head: () => Promise.resolve(undefined),
    read: async (written) => {
      const counted = new Counted(written);
      const reading = client.readAll({ direction: FORWARDS, fromPosition: numbersOf(written.from) });
      for await (const { event } of reading) if (counted.isLast(event?.streamId)) break;
    },
    subscribe: async (written) => {
      const counted = new Counted(written);
      const fromPosition = numbersOf(written.from);
      const subscription = client.subscribeToAll({ fromPosition, filter: excludeSystemEvents() });
      for await (const { event } of subscription) if (counted.isLast(event?.streamId)) break;
      await subscription.unsubscribe();
    },
  };
}

/** A put under the next number, answered after fsync, and a range read. LMDB knows no subscriptions: that is a range read as well. */
function bareLmdb(directory: string): Contender {
  const log = open<Stored, number>({ path: directory, compression: true, encoding: 'json', mapSize: 64 * 2 ** 30 });
  let last = 0;
  const read: Contender['read'] = (written) => {
    const counted = new Counted(written);
    for (const { value } of log.getRange({ start: 1 })) if (counted.isLast(value.stream)) break;
    return Promise.resolve();
  };
  return {
    append: async (stream) => {
      last += 1;
      await log.put(last, { ...sampleEvent(), stream });
      await log.flushed;
    },
    head: () => Promise.resolve(undefined),
    read,
    subscribe: read,
  };
}
