import {
  type Delivery,
  type EventFilter,
  type EventStore,
  type ReadAllOptions,
  type SubscribeOptions,
} from '@faultline/event-store';
import { type RecordedEvent } from '@faultline/kernel';

/**
 * Shows one store, which others use too and which is not empty, as an empty one of its own: its streams bear a prefix that nobody else
 * uses, and of the log it shows those only. Positions are the real ones.
 */
export function scopedEventStore(store: EventStore, prefix: string, beginning: string | undefined): EventStore {
  const inside = (event: RecordedEvent): RecordedEvent => ({ ...event, stream: event.stream.slice(prefix.length) });
  const scoped = (filter: EventFilter = {}): EventFilter => ({
    ...filter,
    streamPrefixes: filter.streamPrefixes?.map((wanted) => prefix + wanted) ?? [prefix],
  });

  const outside = <Failure>(error: Failure): Failure => {
    const named = error as { stream?: string };
    if (named.stream?.startsWith(prefix))
      return Object.assign(error as object, { stream: named.stream.slice(prefix.length) }) as Failure;
    return error;
  };

  async function* stripped(events: AsyncIterable<RecordedEvent>): AsyncGenerator<RecordedEvent> {
    try {
      for await (const event of events) yield inside(event);
    } catch (error) {
      throw outside(error);
    }
  }

  async function* readAll(options: ReadAllOptions = {}): AsyncGenerator<RecordedEvent> {
    const { direction, from, limit = Infinity } = options;
    const start = direction === 'backwards' ? from : (from ?? beginning);
    let left = limit;
    const events = store.readAll({ ...options, from: start, filter: scoped(options.filter), limit: undefined });
    for await (const event of events) {
      // Everything before the beginning is somebody else's.
      if (left === 0 || (beginning !== undefined && event.position < beginning)) return;
      left -= 1;
      yield inside(event);
    }
  }

  async function head(): Promise<string | undefined> {
    for await (const { position } of readAll({ direction: 'backwards', limit: 1 })) return position;
    return undefined;
  }

  async function* subscribe(options: SubscribeOptions): AsyncGenerator<Delivery> {
    const after = options.after === undefined || options.after < (beginning ?? '') ? beginning : options.after;
    for await (const delivery of store.subscribe({ ...options, after, filter: scoped(options.filter) })) {
      // Past the last event of ours, somebody else's events move the position too.
      const end = delivery.events.at(-1)?.position === delivery.position ? delivery.position : await head();
      const position = end !== undefined && delivery.position > end ? end : delivery.position;
      yield { ...delivery, position, events: delivery.events.map(inside) };
    }
  }

  return {
    append: (stream, expected, events) =>
      store
        .append(stream === '' || stream.startsWith('$') ? stream : prefix + stream, expected, events)
        .catch((error: unknown) => {
          throw outside(error);
        }),
    readStream: (stream, options) => stripped(store.readStream(prefix + stream, options)),
    readAll,
    subscribe,
    head,
    close: () => store.close(),
  };
}
