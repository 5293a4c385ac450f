import { randomUUID } from 'node:crypto';
import { credentials, type ServiceError } from '@grpc/grpc-js';
import {
  EventStoreDBClient,
  StreamDeletedError,
  StreamNotFoundError,
  WrongExpectedVersionError,
  binaryEvent,
  eventTypeFilter,
  excludeSystemEvents,
  jsonEvent,
  streamNameFilter,
  type AllStreamSubscription,
  type AppendExpectedRevision,
  type Position,
  type ResolvedEvent,
} from '@eventstore/db-client';
import { Empty, StreamIdentifier } from '@eventstore/db-client/generated/shared_pb';
import { StreamsClient } from '@eventstore/db-client/generated/streams_grpc_pb';
import { AppendReq, ReadReq, type ReadResp } from '@eventstore/db-client/generated/streams_pb';
import { startEventStoreDbServer, type EventStoreDbServer } from '../support/eventstoredb-server';

const startedAt = Date.UTC(2026, 0, 1);
let now = startedAt;
let server: EventStoreDbServer;
let client: EventStoreDBClient;

beforeAll(async () => {
  const given = process.env['EVENTSTOREDB_URL'];
  const absent = given === undefined ? 'EVENTSTOREDB_URL is not set' : 'EVENTSTOREDB_URL is for the suite of the port';
  process.stdout.write(`EventStoreDB's behaviour: checked against the protocol server (${absent}).\n`);
  server = await startEventStoreDbServer({ now: () => now });
  client = EventStoreDBClient.connectionString(server.connectionString);
});

afterAll(async () => {
  await client.dispose();
  await server.stop();
});

beforeEach(() => {
  now = startedAt;
});

const aStream = (prefix = 'stream') => `${prefix}-${randomUUID()}`;
const anEvent = (data: object = { n: 1 }, type = 'Happened') => jsonEvent({ type, data: data as { n: number } });
const severalEvents = (count: number, type?: string) => Array.from({ length: count }, (_, n) => anEvent({ n }, type));

async function all<Event>(events: AsyncIterable<Event>): Promise<Event[]> {
  const found: Event[] = [];
  for await (const event of events) found.push(event);
  return found;
}

const revisions = (events: readonly ResolvedEvent[]) =>
  events.map(({ event, link }) => Number((link ?? event)?.revision));
const numbers = (events: readonly ResolvedEvent[]) => events.map(({ event }) => (event?.data as { n: number }).n);

/** Appends by BatchAppend and by Append, which the client uses where a call brings credentials. */
const paths = [
  ['BatchAppend', {}],
  ['Append', { credentials: { username: 'admin', password: 'changeit' } }],
] as const;

describe.each(paths)('an append by %s', (_, options) => {
  const append = (
    stream: string,
    events: ReturnType<typeof severalEvents>,
    expectedRevision?: AppendExpectedRevision,
  ) => client.appendToStream(stream, events, { ...options, expectedRevision });

  it('numbers a stream from 0, wherever it is expected to be', async () => {
    const stream = aStream();
    const first = await append(stream, severalEvents(3), 'no_stream');
    expect(first).toMatchObject({ success: true, nextExpectedRevision: 2n });
    expect(first.position?.commit).toBeGreaterThan(0n);
    expect(await append(stream, severalEvents(1), 2n)).toMatchObject({ nextExpectedRevision: 3n });
    expect(await append(stream, severalEvents(1), 'stream_exists')).toMatchObject({ nextExpectedRevision: 4n });
    expect(await append(stream, severalEvents(1), 'any')).toMatchObject({ nextExpectedRevision: 5n });
    expect(revisions(await all(client.readStream(stream)))).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it.each<[string, AppendExpectedRevision, number, bigint | 'no_stream']>([
    ['no stream where there is one', 'no_stream', 3, 2n],
    ['an earlier revision', 1n, 3, 2n],
    ['a later revision', 3n, 3, 2n],
    ['a revision beyond 2^53', 2n ** 60n, 3, 2n],
    ['a revision of a stream that is not there', 0n, 0, 'no_stream'],
    ['a stream that is not there', 'stream_exists', 0, 'no_stream'],
  ])('refuses to expect %s, and says what is there', async (_name, expected, existing, actual) => {
    const stream = aStream();
    if (existing > 0) await append(stream, severalEvents(existing));
    const refused = append(stream, severalEvents(2), expected);
    await expect(refused).rejects.toBeInstanceOf(WrongExpectedVersionError);
    await expect(refused).rejects.toMatchObject({
      streamName: stream,
      expectedVersion: expected,
      actualVersion: actual,
    });
    if (existing > 0) expect(await all(client.readStream(stream))).toHaveLength(existing);
  });

  it('takes a stream with nothing but metadata for one that exists', async () => {
    const stream = aStream();
    await client.setStreamMetadata(stream, { cacheControl: 10 });
    expect(await append(stream, severalEvents(1), 'stream_exists')).toMatchObject({ nextExpectedRevision: 0n });
  });

  it('answers a repeat at the same revision as the first time, even after more was appended', async () => {
    const stream = aStream();
    const events = severalEvents(3);
    const first = await append(stream, events, 'no_stream');
    expect(await append(stream, events, 'no_stream')).toEqual(first);
    const more = severalEvents(2);
    const second = await append(stream, more, 2n);
    await append(stream, severalEvents(2), 4n);
    expect(await append(stream, events, 'no_stream')).toEqual(first);
    expect(await append(stream, more, 2n)).toEqual(second);
    expect(await all(client.readStream(stream))).toHaveLength(7);
  });

  it('answers a repeat at any revision as the first time', async () => {
    const stream = aStream();
    const events = severalEvents(2);
    const first = await append(stream, events, 'any');
    await append(stream, severalEvents(1), 'any');
    expect(await append(stream, events, 'any')).toEqual(first);
    expect(await append(stream, events, 'stream_exists')).toEqual(first);
    expect(await all(client.readStream(stream))).toHaveLength(3);
  });

  it('refuses what is a repeat in part only', async () => {
    const stream = aStream();
    const [one, two] = severalEvents(2);
    await append(stream, [one!, two!], 'no_stream');
    for (const expected of ['no_stream', 'any'] as const) {
      await expect(append(stream, [one!, anEvent()], expected)).rejects.toBeInstanceOf(WrongExpectedVersionError);
    }
    await expect(append(stream, [one!, two!, anEvent()], 'no_stream')).rejects.toBeInstanceOf(
      WrongExpectedVersionError,
    );
    expect(await all(client.readStream(stream))).toHaveLength(2);
  });

  it('appends the same ids again at the end of the stream, and in another stream', async () => {
    const [stream, other] = [aStream(), aStream()];
    const events = severalEvents(2);
    await append(stream, events, 'no_stream');
    expect(await append(stream, events, 1n)).toMatchObject({ nextExpectedRevision: 3n });
    expect(await append(other, events, 'any')).toMatchObject({ nextExpectedRevision: 1n });
  });

  it('takes 900 kB and refuses more than a mebibyte', async () => {
    const stream = aStream();
    const large = { text: 'x'.repeat(900_000) };
    await append(stream, [anEvent(large)]);
    const [read] = await all(client.readStream(stream));
    expect(read?.event?.data).toEqual(large);
    await expect(append(aStream(), [anEvent(large), anEvent(large)])).rejects.toMatchObject({
      type: 'maximum-append-size-exceeded',
      maxAppendSize: 1_048_576,
    });
  });

  it('refuses a tombstoned stream', async () => {
    const stream = aStream();
    await client.tombstoneStream(stream, { expectedRevision: 'no_stream' });
    for (const expected of ['any', 'no_stream', 'stream_exists', 0n] as const) {
      const refused = append(stream, severalEvents(1), expected);
      await expect(refused).rejects.toBeInstanceOf(StreamDeletedError);
      await expect(refused).rejects.toMatchObject({ streamName: stream });
    }
  });

  it('lets one of two writers win', async () => {
    const stream = aStream();
    const race = await Promise.allSettled([
      append(stream, severalEvents(1), 'no_stream'),
      append(stream, severalEvents(1), 'no_stream'),
    ]);
    expect(race.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  it('keeps appends at any revision whole, however many come at once', async () => {
    const stream = aStream();
    const groups = Array.from({ length: 64 }, (_unused, group) => [
      { group, n: 0 },
      { group, n: 1 },
    ]);
    await Promise.all(
      groups.map((group) =>
        append(
          stream,
          group.map((data) => anEvent(data)),
        ),
      ),
    );
    const read = await all(client.readStream(stream));
    const data = read.map(({ event }) => event?.data as { group: number; n: number });
    expect(revisions(read)).toEqual([...Array(128).keys()]);
    for (let at = 0; at < data.length; at += 2) {
      expect([data[at]?.n, data[at + 1]]).toEqual([0, { group: data[at]?.group, n: 1 }]);
    }
  });
});

describe('an append', () => {
  it('may come in several requests', async () => {
    const stream = aStream();
    const events = severalEvents(20);
    await client.appendToStream(stream, events, { batchAppendSize: 300, expectedRevision: 'no_stream' });
    expect(numbers(await all(client.readStream(stream)))).toEqual([...Array(20).keys()]);
  });

  it('is not done where its deadline has passed', async () => {
    const stream = aStream();
    await expect(client.appendToStream(stream, anEvent(), { deadline: -1000 })).rejects.toMatchObject({
      type: 'deadline-exceeded',
    });
    await expect(all(client.readStream(stream))).rejects.toBeInstanceOf(StreamNotFoundError);
  });

  it('without events writes nothing', async () => {
    const stream = aStream();
    await client.appendToStream(stream, severalEvents(3));
    expect(await client.appendToStream(stream, [])).toMatchObject({ nextExpectedRevision: 2n });
    expect(await client.appendToStream(aStream(), [])).toMatchObject({ success: true });
  });

  it('needs a type and a content type for each event', async () => {
    const streams = new StreamsClient(`127.0.0.1:${server.port}`, credentials.createInsecure());
    const refusal = await new Promise<ServiceError | null>((resolve) => {
      const call = streams.append((error) => {
        resolve(error);
      });
      call.write(new AppendReq().setOptions(new AppendReq.Options().setAny(new Empty())));
      const message = new AppendReq.ProposedMessage();
      message.getMetadataMap().set('type', 'Happened');
      call.write(new AppendReq().setProposedMessage(message));
      call.end();
    });
    expect(refusal?.code).toBe(3);
    expect(refusal?.metadata.getMap()).toMatchObject({
      exception: 'missing-required-metadata-property',
      'required-metadata-properties': 'type,content-type',
    });
    streams.close();
  });
});

describe('an event', () => {
  const readBack = async (event: Parameters<EventStoreDBClient['appendToStream']>[1], stream = aStream()) => {
    await client.appendToStream(stream, event);
    const [read] = await all(client.readStream(stream));
    return read!.event!;
  };

  it.each<[string, unknown]>([
    ['an object', { text: 'Größe ≠ 大小', nested: [{ a: null }, [1, 2.5, true]] }],
    ['a text', 'just this'],
    ['a list', [1, 'two']],
  ])('gives JSON back as it was: %s', async (_, data) => {
    const event = await readBack(jsonEvent({ type: 'Happened', data: data as { n: number } }));
    expect(event).toMatchObject({ data, isJson: true, metadata: undefined });
  });

  it('gives bytes back as they were', async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    const event = await readBack(binaryEvent({ type: 'Happened', data: bytes, metadata: bytes }));
    expect(event.isJson).toBe(false);
    expect(Buffer.from(event.data as Uint8Array)).toEqual(Buffer.from(bytes));
    expect(Buffer.from(event.metadata as Uint8Array)).toEqual(Buffer.from(bytes));
  });

  it('keeps its id in lower case, its metadata, and the time it was appended', async () => {
    now = startedAt + 1234;
    const id = randomUUID();
    const metadata = { $correlationId: 'c', $causationId: 'b', more: [1] };
    const event = await readBack(jsonEvent({ id: id.toUpperCase(), type: 'Happened', data: {}, metadata }));
    expect(event).toMatchObject({ id, metadata, created: new Date(startedAt + 1234) });
  });

  it.each(['with spaces / and @ :: signs', 'ünïcode-流', 'x'.repeat(255)])('has any name: %s', async (name) => {
    const stream = `${name}${randomUUID()}`;
    const event = await readBack(anEvent({}, name), stream);
    expect(event).toMatchObject({ streamId: stream, type: name });
  });

  it('can be read with its id in two halves, as other clients ask for it', async () => {
    const stream = aStream();
    const id = 'f0e1d2c3-b4a5-4697-8899-aabbccddeeff';
    await client.appendToStream(stream, jsonEvent({ id, type: 'Happened', data: {} }));
    const [answer] = await readRaw((options) => {
      const identifier = new ReadReq.Options.StreamOptions().setStart(new Empty());
      identifier.setStreamIdentifier(streamIdentifier(stream));
      options.setStream(identifier).setCount('1').setNoFilter(new Empty());
      options.setUuidOption(new ReadReq.Options.UUIDOption().setStructured(new Empty()));
    });
    const halves = answer?.getEvent()?.getEvent()?.getId()?.getStructured();
    expect(halves?.toObject()).toEqual({
      mostSignificantBits: String(BigInt.asIntN(64, 0xf0e1d2c3b4a54697n)),
      leastSignificantBits: String(BigInt.asIntN(64, 0x8899aabbccddeeffn)),
    });
  });
});

const streamIdentifier = (name: string) => new StreamIdentifier().setStreamName(Buffer.from(name));

/** A read with options that the client has no word for. */
async function readRaw(setUp: (options: ReadReq.Options) => void): Promise<ReadResp[]> {
  const streams = new StreamsClient(`127.0.0.1:${server.port}`, credentials.createInsecure());
  const options = new ReadReq.Options().setUuidOption(new ReadReq.Options.UUIDOption().setString(new Empty()));
  setUp(options);
  const answers = await all<ReadResp>(streams.read(new ReadReq().setOptions(options)));
  streams.close();
  return answers;
}

describe('a read of a stream', () => {
  const stream = aStream();

  beforeAll(() => client.appendToStream(stream, severalEvents(10)));

  it.each<[string, NonNullable<Parameters<EventStoreDBClient['readStream']>[1]>, number[]]>([
    ['forwards from a revision, which it includes', { fromRevision: 7n }, [7, 8, 9]],
    ['up to a count', { fromRevision: 2n, maxCount: 3 }, [2, 3, 4]],
    ['forwards from beyond the end', { fromRevision: 99n }, []],
    ['forwards from the end', { fromRevision: 'end' }, []],
    ['backwards from the end', { fromRevision: 'end', direction: 'backwards', maxCount: 3 }, [9, 8, 7]],
    ['backwards from a revision, which it includes', { fromRevision: 2n, direction: 'backwards' }, [2, 1, 0]],
    ['backwards from beyond the end', { fromRevision: 99n, direction: 'backwards', maxCount: 2 }, [9, 8]],
    ['backwards from the start', { fromRevision: 'start', direction: 'backwards' }, [0]],
  ])('goes %s', async (_, options, expected) => {
    expect(revisions(await all(client.readStream(stream, options)))).toEqual(expected);
  });

  it('tells a missing stream from an empty answer', async () => {
    const missing = aStream();
    const read = all(client.readStream(missing));
    await expect(read).rejects.toBeInstanceOf(StreamNotFoundError);
    await expect(read).rejects.toMatchObject({ streamName: missing });
  });

  it('gives events their position in $all', async () => {
    const [first] = await all(client.readStream(stream, { maxCount: 1 }));
    const [same] = await all(client.readAll({ fromPosition: first!.event!.position!, maxCount: 1 }));
    expect(same?.event?.id).toBe(first?.event?.id);
  });

  it('can be broken off', async () => {
    const read = client.readStream(stream);
    for await (const { event } of read) {
      expect(event?.revision).toBe(0n);
      break;
    }
    await read.cancel();
  });
});

describe('stream metadata', () => {
  it('is nothing until it is set, and then the last that was', async () => {
    const stream = aStream();
    expect(await client.getStreamMetadata(stream)).toEqual({ streamName: stream });
    await client.setStreamMetadata(stream, { maxCount: 5 });
    await client.setStreamMetadata(stream, { maxAge: 3, cacheControl: 4, own: 'x' });
    expect((await client.getStreamMetadata(stream)).metadata).toEqual({ maxAge: 3, cacheControl: 4, own: 'x' });
    expect(revisions(await all(client.readStream(`$$${stream}`)))).toEqual([1]);
  });

  it.each([
    ['$maxCount', { maxCount: 2 }, [3, 4]],
    ['$tb', { truncateBefore: 3 }, [3, 4]],
    ['both', { maxCount: 4, truncateBefore: 2 }, [2, 3, 4]],
    ['$tb beyond the end', { truncateBefore: 9 }, []],
  ])('hides what is before %s, and changes no revision', async (_, metadata, expected) => {
    const stream = aStream();
    await client.appendToStream(stream, severalEvents(5));
    await client.setStreamMetadata(stream, metadata);
    expect(revisions(await all(client.readStream(stream)))).toEqual(expected);
    const backwards = client.readStream(stream, { direction: 'backwards', fromRevision: 'end' });
    expect(revisions(await all(backwards))).toEqual([...expected].reverse());
    expect(await client.appendToStream(stream, anEvent())).toMatchObject({ nextExpectedRevision: 5n });
  });

  it('hides what is older than $maxAge, of which $all still knows', async () => {
    const stream = aStream();
    const { position } = await client.appendToStream(stream, severalEvents(2));
    await client.setStreamMetadata(stream, { maxAge: 60 });
    now += 59_000;
    await client.appendToStream(stream, anEvent());
    expect(revisions(await all(client.readStream(stream)))).toEqual([0, 1, 2]);
    now += 2_000;
    expect(revisions(await all(client.readStream(stream)))).toEqual([2]);
    const [old] = await all(client.readAll({ fromPosition: position, maxCount: 1 }));
    expect(old?.event).toMatchObject({ streamId: stream, revision: 1n });
  });

  it('is itself guarded by revisions', async () => {
    const stream = aStream();
    await client.setStreamMetadata(stream, { maxCount: 1 }, { expectedRevision: 'no_stream' });
    await expect(
      client.setStreamMetadata(stream, { maxCount: 2 }, { expectedRevision: 'no_stream' }),
    ).rejects.toBeInstanceOf(WrongExpectedVersionError);
  });
});

describe('$all', () => {
  let first: Position;
  let appended: Position;
  const stream = aStream('all');

  beforeAll(async () => {
    first = (await client.appendToStream(stream, severalEvents(3))).position!;
    appended = (await client.appendToStream(stream, severalEvents(2))).position!;
  });

  it('has positions that rise, and the events of an append side by side', async () => {
    const events = (await all(client.readAll())).map(({ event }) => event!);
    const positions = events.map(({ position }) => position.commit);
    expect(positions).toEqual([...positions].sort((a, b) => (a < b ? -1 : 1)));
    expect(new Set(positions).size).toBe(positions.length);
    const ours = events.flatMap(({ streamId }, at) => (streamId === stream ? [at] : []));
    expect(ours).toEqual(Array.from({ length: 5 }, (_, n) => ours[0]! + n));
  });

  it('begins with the server’s own streams', async () => {
    const [first] = await all(client.readAll({ maxCount: 1 }));
    expect(first?.event?.streamId).toBe('$epoch-information');
  });

  it('is read from a position on forwards, and before it backwards', async () => {
    const [at, ...after] = await all(client.readAll({ fromPosition: appended }));
    expect(at?.event).toMatchObject({ streamId: stream, revision: 4n });
    expect(after.every(({ event }) => event!.position.commit > appended.commit)).toBe(true);
    const before = client.readAll({ fromPosition: appended, direction: 'backwards', maxCount: 2 });
    expect(revisions(await all(before))).toEqual([3, 2]);
    expect(await all(client.readAll({ fromPosition: 'end' }))).toEqual([]);
  });

  it.each([1n, -1n])('has nothing at a position that is off by %s', async (off) => {
    const wrong = { commit: first.commit + off, prepare: first.prepare + off };
    await expect(all(client.readAll({ fromPosition: wrong }))).rejects.toMatchObject({
      code: 3,
      message: '3 INVALID_ARGUMENT: Trying to read from an invalid position.',
    });
    const subscription = client.subscribeToAll({ fromPosition: wrong });
    await expect(all(subscription)).rejects.toMatchObject({ code: 3 });
  });

  it('is filtered by the server for a client that asks', async () => {
    const filtered = await readRaw((options) => {
      const expression = new ReadReq.Options.FilterOptions.Expression().setPrefixList([stream]);
      options.setAll(new ReadReq.Options.AllOptions().setStart(new Empty())).setCount('4');
      options.setFilter(
        new ReadReq.Options.FilterOptions()
          .setStreamIdentifier(expression)
          .setMax(8)
          .setCheckpointintervalmultiplier(1),
      );
    });
    expect(filtered.map((answer) => answer.getEvent()?.getEvent()?.getStreamRevision())).toEqual(['0', '1', '2', '3']);
  });
});

describe('a link', () => {
  const link = (target: string, revision: number) =>
    binaryEvent({ type: '$>', data: Buffer.from(`${revision}@${target}`) });

  it('is resolved on request into the event it points to', async () => {
    const [target, links] = [aStream(), aStream()];
    await client.appendToStream(target, severalEvents(3));
    await client.appendToStream(links, link(target, 2));
    const [unresolved] = await all(client.readStream(links));
    expect(unresolved).toMatchObject({ event: { type: '$>', streamId: links } });
    expect(unresolved?.link).toBeUndefined();
    const [resolved] = await all(client.readStream(links, { resolveLinkTos: true }));
    expect(resolved).toMatchObject({
      event: { streamId: target, revision: 2n, data: { n: 2 } },
      link: { streamId: links, revision: 0n },
      commitPosition: resolved?.link?.position?.commit,
    });
  });

  it.each(['deleted', 'tombstoned', 'never written'])('is left alone where its target is %s', async (what) => {
    const [target, links] = [aStream(), aStream()];
    if (what !== 'never written') await client.appendToStream(target, anEvent());
    await client.appendToStream(links, link(target, 0));
    if (what === 'deleted') await client.deleteStream(target);
    if (what === 'tombstoned') await client.tombstoneStream(target);
    const [resolved] = await all(client.readStream(links, { resolveLinkTos: true }));
    expect(resolved?.event).toBeUndefined();
    expect(resolved?.link).toMatchObject({ streamId: links });
  });
});

describe('a soft delete', () => {
  it('hides the stream, whose revisions go on when it comes back', async () => {
    const stream = aStream();
    await client.appendToStream(stream, severalEvents(3));
    expect((await client.deleteStream(stream, { expectedRevision: 2n })).position).toBeDefined();
    await expect(all(client.readStream(stream))).rejects.toBeInstanceOf(StreamNotFoundError);
    await expect(
      client.appendToStream(stream, anEvent(), { expectedRevision: 'stream_exists' }),
    ).rejects.toBeInstanceOf(WrongExpectedVersionError);
    const back = await client.appendToStream(stream, severalEvents(2), { expectedRevision: 'no_stream' });
    expect(back.nextExpectedRevision).toBe(4n);
    expect(revisions(await all(client.readStream(stream)))).toEqual([3, 4]);
    expect((await client.getStreamMetadata(stream)).metadata).toEqual({ truncateBefore: 3 });
  });

  it('is undone by new metadata, which the old events do not come back with', async () => {
    const stream = aStream();
    await client.appendToStream(stream, severalEvents(2));
    await client.deleteStream(stream);
    await client.setStreamMetadata(stream, { cacheControl: 7 });
    expect(await all(client.readStream(stream))).toEqual([]);
    expect((await client.getStreamMetadata(stream)).metadata).toEqual({ truncateBefore: 2, cacheControl: 7 });
  });

  it.each(['any', 'no_stream'] as const)('at %s needs a stream or its metadata', async (expectedRevision) => {
    const stream = aStream();
    const refused = client.deleteStream(stream, { expectedRevision });
    await expect(refused).rejects.toBeInstanceOf(WrongExpectedVersionError);
    await expect(refused).rejects.toMatchObject({ streamName: stream, actualVersion: -1n });
    await client.setStreamMetadata(stream, { cacheControl: 10 });
    await expect(client.deleteStream(stream, { expectedRevision })).resolves.toBeDefined();
  });

  it('is refused at a wrong revision, in numbers', async () => {
    const stream = aStream();
    await client.appendToStream(stream, severalEvents(3));
    const wrong = { streamName: stream, actualVersion: 2n };
    await expect(client.deleteStream(stream, { expectedRevision: 1n })).rejects.toMatchObject({
      ...wrong,
      expectedVersion: 1n,
    });
    await expect(client.deleteStream(stream, { expectedRevision: 'no_stream' })).rejects.toMatchObject({
      ...wrong,
      expectedVersion: -1n,
    });
  });
});

describe('a tombstone', () => {
  it('ends a stream and its metadata for ever, and is the last of it in $all', async () => {
    const stream = aStream();
    await client.appendToStream(stream, severalEvents(2));
    const { position } = await client.tombstoneStream(stream, { expectedRevision: 1n });
    await expect(all(client.readStream(stream))).rejects.toBeInstanceOf(StreamDeletedError);
    await expect(all(client.readStream(`$$${stream}`))).rejects.toBeInstanceOf(StreamDeletedError);
    await expect(all(client.subscribeToStream(stream))).rejects.toBeInstanceOf(StreamDeletedError);
    await expect(client.setStreamMetadata(stream, { maxCount: 1 })).rejects.toBeInstanceOf(StreamDeletedError);
    await expect(client.deleteStream(stream)).rejects.toBeInstanceOf(StreamDeletedError);
    await expect(client.tombstoneStream(stream)).rejects.toMatchObject({ streamName: stream });
    const [last] = await all(client.readAll({ fromPosition: position!, maxCount: 1 }));
    expect(last?.event).toMatchObject({ type: '$streamDeleted', streamId: stream, revision: 2n ** 63n - 1n });
  });

  it('is refused at a wrong revision', async () => {
    const stream = aStream();
    await client.appendToStream(stream, severalEvents(2));
    for (const expectedRevision of ['no_stream', 0n] as const) {
      await expect(client.tombstoneStream(stream, { expectedRevision })).rejects.toMatchObject({ actualVersion: 1n });
    }
  });
});

describe('a subscription', () => {
  /** Reads until `count` events have come, and unsubscribes. */
  const take = async <Event>(subscription: AsyncIterable<Event> & { unsubscribe(): Promise<void> }, count: number) => {
    const found: Event[] = [];
    for await (const event of subscription) {
      found.push(event);
      if (found.length === count) break;
    }
    await subscription.unsubscribe();
    return found;
  };

  const caughtUp = (subscription: { once(event: 'caughtUp', listener: () => void): unknown }) =>
    new Promise<void>((resolve) => subscription.once('caughtUp', resolve));

  const headOf = async () => {
    const [head] = await all(client.readAll({ direction: 'backwards', fromPosition: 'end', maxCount: 1 }));
    return head!.event!.position;
  };

  it('to a stream sends what is there, then what comes', async () => {
    const stream = aStream();
    await client.appendToStream(stream, severalEvents(3));
    const subscription = client.subscribeToStream(stream);
    const confirmed = new Promise<void>((resolve) => subscription.once('confirmation', resolve));
    const seen = take(subscription, 5);
    await Promise.all([confirmed, caughtUp(subscription)]);
    expect(subscription.id).toMatch(/^[0-9a-f-]{36}$/);
    await client.appendToStream(stream, severalEvents(2));
    expect(revisions(await seen)).toEqual([0, 1, 2, 3, 4]);
  });

  it('to a stream starts after a revision, or at its end', async () => {
    const stream = aStream();
    await client.appendToStream(stream, severalEvents(3));
    expect(revisions(await take(client.subscribeToStream(stream, { fromRevision: 0n }), 2))).toEqual([1, 2]);
    const fromEnd = client.subscribeToStream(stream, { fromRevision: 'end' });
    const seen = take(fromEnd, 1);
    await caughtUp(fromEnd);
    await client.appendToStream(stream, anEvent());
    expect(revisions(await seen)).toEqual([3]);
  });

  it('to a stream that is not there waits for it', async () => {
    const stream = aStream();
    const subscription = client.subscribeToStream(stream);
    const seen = take(subscription, 1);
    await caughtUp(subscription);
    await client.appendToStream(stream, anEvent());
    expect(revisions(await seen)).toEqual([0]);
  });

  it('to a stream shows what metadata leaves', async () => {
    const stream = aStream();
    await client.appendToStream(stream, severalEvents(5));
    await client.setStreamMetadata(stream, { maxCount: 2 });
    expect(revisions(await take(client.subscribeToStream(stream), 2))).toEqual([3, 4]);
  });

  it('to a stream that is tombstoned meanwhile ends with that', async () => {
    const stream = aStream();
    await client.appendToStream(stream, anEvent());
    const subscription = client.subscribeToStream(stream);
    const types: (string | undefined)[] = [];
    const read = async () => {
      for await (const { event } of subscription) types.push(event?.type);
    };
    const ended = expect(read()).rejects.toMatchObject({ type: 'stream-deleted', streamName: stream });
    await caughtUp(subscription);
    await client.tombstoneStream(stream);
    await ended;
    expect(types).toEqual(['Happened', '$streamDeleted']);
  });

  it('resolves links on request', async () => {
    const [target, links] = [aStream(), aStream()];
    await client.appendToStream(target, anEvent({ n: 7 }));
    await client.appendToStream(links, binaryEvent({ type: '$>', data: Buffer.from(`0@${target}`) }));
    const [resolved] = await take(client.subscribeToStream(links, { resolveLinkTos: true }), 1);
    expect(resolved).toMatchObject({ event: { streamId: target, data: { n: 7 } }, link: { streamId: links } });
  });

  it('to $all starts after a position, or at its end', async () => {
    const stream = aStream();
    const { position } = await client.appendToStream(stream, anEvent());
    await client.appendToStream(stream, severalEvents(2));
    expect(revisions(await take(client.subscribeToAll({ fromPosition: position }), 2))).toEqual([1, 2]);
    const fromEnd = client.subscribeToAll({ fromPosition: 'end' });
    const seen = take(fromEnd, 1);
    await caughtUp(fromEnd);
    await client.appendToStream(stream, anEvent());
    expect(revisions(await seen)).toEqual([3]);
  });

  it('from beyond the end of $all is silent until the log has grown past it', async () => {
    const stream = aStream();
    const { commit } = await headOf();
    const beyond = { commit: commit + 1000n, prepare: commit + 1000n };
    const subscription = client.subscribeToAll({ fromPosition: beyond });
    const seen = take(subscription, 1);
    await caughtUp(subscription);
    for (let n = 0; n < 12; n += 1) await client.appendToStream(stream, anEvent({ n }));
    const [first] = await seen;
    const expected = (await all(client.readStream(stream))).find(
      ({ event }) => event!.position!.commit > beyond.commit,
    );
    expect(first?.event?.revision).toBe(expected?.event?.revision);
    expect(first?.event?.revision).toBeGreaterThan(0n);
  });

  it.each([
    ['stream prefixes', streamNameFilter({ prefixes: ['ours-a', 'ours-b'] })],
    ['a regular expression for the stream', streamNameFilter({ regex: '^ours-[ab]' })],
    ['type prefixes', eventTypeFilter({ prefixes: ['OursA', 'OursB'] })],
    ['a regular expression for the type', eventTypeFilter({ regex: '^Ours[AB]$' })],
  ])('to $all can be filtered by %s', async (_, filter) => {
    const from = await headOf();
    for (const kind of ['A', 'C', 'B']) {
      await client.appendToStream(aStream(`ours-${kind.toLowerCase()}`), severalEvents(2, `Ours${kind}`));
    }
    const seen = await take(client.subscribeToAll({ fromPosition: from, filter }), 4);
    expect(seen.map(({ event }) => event?.type)).toEqual(['OursA', 'OursA', 'OursB', 'OursB']);
  });

  it('without system events has none', async () => {
    const stream = aStream();
    await client.setStreamMetadata(stream, { cacheControl: 1 });
    const { position } = await client.appendToStream(stream, anEvent());
    const subscription = client.subscribeToAll({ filter: excludeSystemEvents() });
    for await (const { event } of subscription) {
      expect(event?.type).not.toMatch(/^\$/);
      if (event?.position.commit === position?.commit) break;
    }
    await subscription.unsubscribe();
  });

  describe('with a filter', () => {
    type Seen = { readonly checkpoints: bigint[]; readonly subscription: AllStreamSubscription };

    const withCheckpoints = (from: Position, options: object): Seen => {
      const checkpoints: bigint[] = [];
      const checkpointReached = async (_: unknown, { commit }: Position) => {
        checkpoints.push(commit);
      };
      const filter = streamNameFilter({ prefixes: ['wanted-'], checkpointReached, ...options });
      const subscription = client.subscribeToAll({ fromPosition: from, filter });
      subscription.resume();
      return { checkpoints, subscription };
    };

    const positionsAfter = async (from: Position) =>
      (await all(client.readAll({ fromPosition: from }))).slice(1).map(({ event }) => event!.position.commit);

    it('sends a checkpoint each time so many events were considered, and one when it has caught up', async () => {
      const from = await headOf();
      await client.appendToStream(aStream('other'), severalEvents(100));
      const { checkpoints, subscription } = withCheckpoints(from, { checkpointInterval: 2, maxSearchWindow: 16 });
      await caughtUp(subscription);
      const positions = await positionsAfter(from);
      expect(checkpoints).toEqual([positions[31], positions[63], positions[95], positions[99]]);
      await subscription.unsubscribe();
    });

    it('has a window of 32 where the client gives none', async () => {
      const from = await headOf();
      await client.appendToStream(aStream('other'), severalEvents(70));
      const { checkpoints, subscription } = withCheckpoints(from, {});
      await caughtUp(subscription);
      const positions = await positionsAfter(from);
      expect(checkpoints).toEqual([positions[31], positions[63], positions[69]]);
      await subscription.unsubscribe();
    });

    it('counts live events too, and sends no checkpoint in a quiet store', async () => {
      const from = await headOf();
      const { checkpoints, subscription } = withCheckpoints(from, { maxSearchWindow: 4 });
      await caughtUp(subscription);
      expect(checkpoints).toEqual([]);
      const reached = new Promise<void>((resolve) =>
        subscription.on('data', () => {
          resolve();
        }),
      );
      for (let n = 0; n < 9; n += 1) await client.appendToStream(aStream('other'), anEvent());
      await client.appendToStream(aStream('wanted'), anEvent());
      await reached;
      const positions = await positionsAfter(from);
      expect(checkpoints).toEqual([positions[3], positions[7]]);
      await subscription.unsubscribe();
    });
  });

  it('is caught up again after it fell more than 32 events behind', async () => {
    const stream = aStream();
    const subscription = client.subscribeToStream(stream);
    subscription.resume();
    await caughtUp(subscription);
    const again = caughtUp(subscription);
    await client.appendToStream(stream, severalEvents(33));
    await again;
    await subscription.unsubscribe();
  });

  it('loses and repeats nothing where it meets writers', async () => {
    const stream = aStream('busy');
    const filter = streamNameFilter({ prefixes: [stream] });
    const total = 1000;
    const subscriptions: Promise<ResolvedEvent[]>[] = [];
    for (let n = 0; n < total; n += 20) {
      await client.appendToStream(stream, severalEvents(20));
      if (n % 200 === 0) {
        subscriptions.push(take<ResolvedEvent>(client.subscribeToAll({ filter }), total));
        subscriptions.push(take<ResolvedEvent>(client.subscribeToStream(stream), total));
      }
    }
    for (const seen of await Promise.all(subscriptions)) expect(revisions(seen)).toEqual([...Array(total).keys()]);
  });
});
