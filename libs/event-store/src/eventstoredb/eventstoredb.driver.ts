import { type Duplex, type Readable } from 'node:stream';
import {
  type AllStreamResolvedEvent,
  BACKWARDS,
  END,
  type EventData,
  EventStoreDBClient,
  eventTypeFilter,
  type Filter,
  FORWARDS,
  NO_STREAM,
  type ReadAllOptions,
  type ReadPosition,
  type ReadStreamOptions,
  type ResolvedEvent,
  START,
  streamNameFilter,
} from '@eventstore/db-client';
import { type NewEvent, type RecordedEvent } from '@faultline/kernel';
import { type EventFilter, type ExpectedRevision } from '../event-store.port';
import { formatPosition, parsePosition } from '../position';
import { BatchCall } from './batch-call';
import { Chunks } from './chunks';
import { type Connection } from './connection-string';

/** What a feed says besides events, in its place among them. */
export type Mark =
  | { readonly mark: 'confirmed' | 'caught-up' }
  /** Everything up to `position` has been sent or left out by the filter. */
  | { readonly mark: 'checkpoint'; readonly position: string };

/** Something that the server sent. */
export type Item = RecordedEvent | Mark;

export type Appended = { readonly revision: number; readonly position: string | undefined };

export type StreamQuery = { readonly backwards: boolean; readonly from?: number; readonly limit?: number };
export type AllQuery = { readonly backwards: boolean; readonly from?: string; readonly limit?: number };

// What one page of the server considers under a filter, and how many pages pass between two checkpoints.
const searchWindow = 512;
const windowsPerCheckpoint = 4;
const buffered = { highWaterMark: 512 };

type Subscription = Readable & { unsubscribe(): Promise<void> };
type Read = Readable & { cancel(): Promise<void> };

/**
 * EventStoreDB's client in our words, by connection string alone. The one file of the product that imports it: moving to its successor
 * changes nothing else. Errors come as the client throws them (see failure.ts).
 */
export class Driver {
  private readonly client: EventStoreDBClient;
  private readonly channels = new Set<{ close(): void }>();
  /** Whether the server has answered yet: before it has, no append is sent. */
  known = false;
  private readonly batches = new BatchCall();

  constructor(private readonly connection: Pick<Connection, 'url' | 'seeds'>) {
    this.client = EventStoreDBClient.connectionString(connection.url);
    this.watchChannels();
    this.guardBatches();
  }

  /** Appends; `metadata` is JSON in UTF-8 already. The time that the server is given is `deadlineMs`; this call itself has none. */
  async append(
    stream: string,
    expected: ExpectedRevision,
    events: readonly EncodedEvent[],
    deadlineMs: number,
  ): Promise<Appended> {
    const options = {
      expectedRevision: expected === 'no-stream' ? NO_STREAM : BigInt(expected),
      deadline: deadlineMs,
    } as const;
    const { nextExpectedRevision, position } = await this.batches.inOrder(async () => {
      if (!this.known) await this.serverVersion();
      this.known = true;
      return this.client.appendToStream(stream, events as EventData[], options);
    });
    return { revision: Number(nextExpectedRevision), position: position && told(position) };
  }

  readStream(stream: string, { backwards, from, limit }: StreamQuery): Chunks<RecordedEvent> {
    const options: ReadStreamOptions = {
      direction: backwards ? BACKWARDS : FORWARDS,
      fromRevision: from === undefined ? (backwards ? END : START) : BigInt(from),
      maxCount: limit ?? Number.MAX_SAFE_INTEGER,
      requiresLeader: true,
    };
    return this.reading(this.client.readStream(stream, options, buffered));
  }

  readAll({ backwards, from, limit }: AllQuery): Chunks<RecordedEvent> {
    const options: ReadAllOptions = {
      direction: backwards ? BACKWARDS : FORWARDS,
      fromPosition: from === undefined ? (backwards ? END : START) : numbersOf(from),
      maxCount: limit ?? Number.MAX_SAFE_INTEGER,
      requiresLeader: true,
    };
    return this.reading(this.client.readAll(options, buffered));
  }

  /** Everything after a position, and then what comes; marks stand in their place among the events. */
  subscribe(after: string | undefined, filter: EventFilter | undefined): Chunks<Item> {
    // In the client's buffer, behind the events before it: called as it comes, it would run ahead of who reads (and must not throw).
    const checkpointReached = (feed: unknown, position: { commit: bigint; prepare: bigint }) => {
      (feed as Readable).push({ mark: 'checkpoint', position: positionOf(position) } satisfies Mark);
    };
    const fromPosition = after === undefined ? START : numbersOf(after);
    const subscription = this.client.subscribeToAll(
      { fromPosition, filter: serverFilter(filter, checkpointReached), requiresLeader: true },
      { ...buffered },
    ) as unknown as Subscription;
    subscription.on('confirmation', () => subscription.push({ mark: 'confirmed' } satisfies Mark));
    subscription.on('caughtUp', () => subscription.push({ mark: 'caught-up' } satisfies Mark));
    const convert = (item: AllStreamResolvedEvent | Mark): Item => ('mark' in item ? item : recorded(item));
    return new Chunks(
      subscription,
      () => subscription.unsubscribe(),
      convert,
      (error) => this.explained(error),
    );
  }

  /** The version that the server reports, such as `24.10.0`; `unknown` where it reports none. */
  async serverVersion(): Promise<string> {
    try {
      return (await this.client['capabilities']).serverVersion;
    } catch (error) {
      throw await this.explained(error);
    }
  }

  /** Ends every call and closes the connection; what was under way fails. */
  async dispose(): Promise<void> {
    await this.client.dispose();
    for (const channel of this.channels) channel.close();
  }

  private reading(call: unknown): Chunks<RecordedEvent> {
    const read = call as Read;
    return new Chunks(
      read,
      () => read.cancel(),
      recorded,
      (error) => this.explained(error),
    );
  }

  /** The client does not say why it found no node of a cluster: the first one that is asked by itself does. */
  private async explained(error: unknown): Promise<unknown> {
    const [seed] = this.connection.seeds;
    if (seed === undefined || !(error instanceof Error) || !error.message.startsWith('Failed to discover'))
      return error;
    const node = new Driver({ url: seed, seeds: [] });
    try {
      await node.serverVersion();
      return error;
    } catch (reason) {
      return reason;
    } finally {
      await node.dispose();
    }
  }

  /** The client never closes its channels, and names none: one that is stalled would keep its connection. */
  private watchChannels(): void {
    const create = this.client['createChannel'] as () => Promise<{ close(): void }>;
    const watched = async () => {
      const channel = await create();
      this.channels.add(channel);
      return channel;
    };
    Object.assign(this.client, { createChannel: watched });
  }

  /** Only batch appends share a call, for which the client keeps a cache. */
  private guardBatches(): void {
    type Create = (...call: [unknown, string, (stub: unknown) => Duplex, unknown?]) => () => Promise<Duplex>;
    const create = this.client['GRPCStreamCreator'] as unknown as Create;
    const guarded: Create = (stub, name, open, cache) => {
      const guardedOpen = (made: unknown) => this.batches.guard(open(made));
      return create(stub, name, cache === undefined ? open : guardedOpen, cache);
    };
    Object.assign(this.client, { GRPCStreamCreator: guarded });
  }
}

/** An event as an append takes it. */
export type EncodedEvent = Pick<NewEvent, 'id' | 'type' | 'data'> & {
  readonly contentType: 'application/json';
  readonly metadata: Uint8Array;
};

const positionOf = ({ commit, prepare }: { commit: bigint; prepare: bigint }): string =>
  formatPosition(commit, prepare);

/** A repeated append may be answered with -1 for its position, as an unsigned number. */
const told = (position: { commit: bigint; prepare: bigint }): string | undefined =>
  position.commit >= 2n ** 63n ? undefined : positionOf(position);

const numbersOf = (position: string): ReadPosition => parsePosition(position) ?? START;

function recorded({ event, link, commitPosition = 0n }: ResolvedEvent): RecordedEvent {
  const source = event ?? link;
  if (!source) throw new TypeError('EventStoreDB sent an event without its record');
  const { id, type, data, metadata, streamId: stream, revision } = source;
  const position = positionOf(source.position ?? { commit: commitPosition, prepare: commitPosition });
  return { id, type, data, metadata, stream, revision: Number(revision), position } as unknown as RecordedEvent;
}

/** The server leaves out what it can: system events, or streams by their beginning, or types. The rest is the reader's to leave out. */
function serverFilter(filter: EventFilter | undefined, checkpointReached: (...call: never[]) => void): Filter {
  const options = {
    maxSearchWindow: searchWindow,
    checkpointInterval: windowsPerCheckpoint,
    checkpointReached: checkpointReached as NonNullable<Filter['checkpointReached']>,
  };
  const { streamPrefixes, eventTypes } = filter ?? {};
  if (streamPrefixes?.length) return streamNameFilter({ prefixes: [...streamPrefixes], ...options });
  return eventTypeFilter({
    regex: eventTypes?.length ? `^(?:${eventTypes.map(quoted).join('|')})$` : '^[^$]',
    ...options,
  });
}

const quoted = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|#\s]/g, '\\$&');
