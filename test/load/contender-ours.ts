import { type EventStore, openEventStoreDbEventStore, openLmdbEventStore } from '@faultline/event-store';
import { type Contender, Counted, type Place, sampleEvent, type Written } from './contender';

/** Opens the event store of a place through its adapter. */
export const openStoreOf = (place: Place): Promise<EventStore> =>
  place.kind === 'lmdb' ? openLmdbEventStore(place) : openEventStoreDbEventStore(place);

/** The adapter, used through the port alone. */
export async function openOurs(place: Place): Promise<Contender> {
  const store = await openStoreOf(place);
  return {
    append: (stream) => store.append(stream, 'no-stream', [sampleEvent()]),
    head: () => store.head(),
    read: async (written) => {
      const counted = new Counted(written);
      const { from } = written;
      for await (const { stream } of store.readAll(from === undefined ? {} : { from })) {
        if (counted.isLast(stream)) return;
      }
    },
    subscribe: (written) => follow(store, written),
  };
}

async function follow(store: EventStore, written: Written): Promise<void> {
  const counted = new Counted(written);
  const { signal } = new AbortController();
  const after = written.from === undefined ? {} : { after: written.from };
  for await (const { events } of store.subscribe({ ...after, signal })) {
    let over = false;
    for (const { stream } of events) over = counted.isLast(stream);
    if (over) return;
  }
}
