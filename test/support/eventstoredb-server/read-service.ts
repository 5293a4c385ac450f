/**
 * The Read call: one call for reads and subscriptions, of a stream or of `$all`, told apart by the options it is given.
 */
import type { ServerWritableStream } from '@grpc/grpc-js';
import { ReadReq } from '@eventstore/db-client/generated/streams_pb';
import { Outlet } from './calls';
import { failures } from './errors';
import { filterOf } from './filters';
import { answers, eventAnswer, nameOf } from './messages';
import { faultOf, refusalOf, type Node } from './node';
import { isFound, lastRevision, readAll, ReadFailed, readStream, resolve, type From, type Position } from './reads';
import type { RecordedEvent } from './records';
import { subscribeToAll, subscribeToStream, type Filtering, type Shape } from './subscriptions';

type Options = ReadReq.Options;
type Call = ServerWritableStream<ReadReq, Buffer>;

const { ReadDirection } = ReadReq.Options;
const defaultWindow = 32;

/** Answers a Read call. Its answers are bytes already, so that an event is serialized once for all its readers. */
export function read(node: Node, call: Call): void {
  const outlet = new Outlet<Buffer>(call);
  node.calls.add(outlet);
  node.faults.whenAwake(() => {
    serve(node, call, outlet).catch((error: unknown) => {
      if (error instanceof ReadFailed) outlet.end(error.failure);
      else outlet.end(failures.broken(String(error)));
    });
  });
}

async function serve(node: Node, call: Call, outlet: Outlet<Buffer>): Promise<void> {
  const refusal = refusalOf(node, call);
  if (refusal !== undefined) throw new ReadFailed(refusal);
  const fault = faultOf(node, call, 'read');
  if (fault?.kind === 'refuse') throw new ReadFailed(fault.failure);
  const options = call.request.getOptions();
  const ids = options?.getUuidOption();
  if (options === undefined || ids === undefined)
    throw new ReadFailed(failures.invalidArgument("'uuidOption' is required"));
  const shape = { resolveLinks: options.getResolveLinks(), structuredIds: !ids.hasString() };
  if (options.hasSubscription()) {
    outlet.isSubscription = true;
    await subscribe(node, outlet, options, shape);
    return;
  }
  if (options.hasStream()) await sendStream(node, outlet, options, shape);
  else
    await sendEvents(
      node,
      outlet,
      readAll(node.log, requestOf(options, positionOf), filteringOf(options)?.filter),
      shape,
    );
  outlet.end();
}

async function subscribe(node: Node, outlet: Outlet<Buffer>, options: Options, shape: Shape): Promise<void> {
  const stream = options.getStream();
  if (stream !== undefined) {
    const name = nameOf(stream.getStreamIdentifier());
    await subscribeToStream(node.log, outlet, { name, from: revisionOf(options) }, shape);
  } else {
    await subscribeToAll(node.log, outlet, positionOf(options), { ...shape, filtering: filteringOf(options) });
  }
}

async function sendStream({ log, ...node }: Node, outlet: Outlet<Buffer>, options: Options, shape: Shape) {
  const name = nameOf(options.getStream()?.getStreamIdentifier());
  const last = lastRevision(log, log.stream(name));
  if (!isFound(log.stream(name))) {
    await outlet.send(answers.streamNotFound(name));
    return;
  }
  await sendEvents({ log, ...node }, outlet, readStream(log, log.stream(name), requestOf(options, revisionOf)), shape);
  if ((options.getControlOption()?.getCompatibility() ?? 0) >= 1) await outlet.send(answers.lastPosition(last));
}

async function sendEvents({ log }: Node, outlet: Outlet<Buffer>, events: Iterable<RecordedEvent>, shape: Shape) {
  for (const event of events) {
    const resolved = shape.resolveLinks ? resolve(log, event) : { event };
    const slow = outlet.send(eventAnswer(resolved, shape.structuredIds));
    if (slow !== undefined) await slow;
    if (outlet.closed) return;
  }
}

function requestOf<Place>(options: Options, placeOf: (options: Options) => From<Place>) {
  const count = Number(options.getCount());
  return { from: placeOf(options), backwards: options.getReadDirection() === ReadDirection.BACKWARDS, count };
}

function revisionOf(options: Options): From<bigint> {
  const stream = options.getStream();
  if (stream?.hasStart() === true) return 'start';
  const revision = BigInt(stream?.getRevision() ?? 0);
  return stream?.hasEnd() === true || revision >= 2n ** 63n ? 'end' : revision;
}

function positionOf(options: Options): From<Position> {
  const all = options.getAll();
  if (all === undefined) throw new ReadFailed(failures.invalidArgument('Neither a stream nor $all'));
  if (all.hasStart()) return 'start';
  const position = all.getPosition();
  if (position === undefined) return 'end';
  const commit = BigInt(position.getCommitPosition());
  return commit >= 2n ** 63n ? 'end' : { commit, prepare: BigInt(position.getPreparePosition()) };
}

function filteringOf(options: Options): Filtering | undefined {
  const message = options.getFilter();
  const filter = message === undefined ? undefined : filterOf(message);
  if (message === undefined || filter === undefined) return undefined;
  const window = message.hasMax() ? message.getMax() : defaultWindow;
  return { filter, checkpointInterval: message.getCheckpointintervalmultiplier() * window };
}
