/**
 * The calls that write one thing: Append (a stream of requests, the first with the options, then one event each),
 * Delete and Tombstone. A client uses Append instead of BatchAppend where a call has credentials of its own.
 */
import type { sendUnaryData, ServerReadableStream, ServerUnaryCall } from '@grpc/grpc-js';
import {
  DeleteResp,
  TombstoneResp,
  type AppendReq,
  type AppendResp,
  type DeleteReq,
  type TombstoneReq,
} from '@eventstore/db-client/generated/streams_pb';
import { OpenCall } from './calls';
import { failures, maxAppendSize, type Failure } from './errors';
import { appendAnswer, expectedOf, nameOf, proposedEvent, sizeOf } from './messages';
import { faultOf, refusalOf, type Caller, type Node } from './node';
import type { ProposedEvent } from './records';
import { append as appendEvents, deleteStream, tombstone as tombstoneStream, type WriteOutcome } from './writes';

/** One call with one answer, given at most once. */
class Reply<Answer> extends OpenCall {
  constructor(private readonly callback: sendUnaryData<Answer>) {
    super((failure) => {
      callback(failure ?? failures.cancelled(), null);
    });
  }

  answer(answer: Answer): void {
    if (this.closed) return;
    this.callback(null, answer);
    this.close();
  }
}

type Cancellable = Caller & { on(event: 'cancelled', listener: () => void): unknown };

function replyTo<Answer>(node: Node, call: Cancellable, callback: sendUnaryData<Answer>): Reply<Answer> {
  const reply = new Reply(callback);
  node.calls.add(reply);
  call.on('cancelled', () => {
    reply.close();
  });
  return reply;
}

/** Does a write with whatever is to go wrong with it, and answers what `answerOf` makes of its outcome. */
async function perform<Answer>(
  node: Node,
  call: Caller,
  reply: Reply<Answer>,
  { write, answerOf }: { write: () => Promise<WriteOutcome>; answerOf: (outcome: WriteOutcome) => Answer | Failure },
): Promise<void> {
  const fault = faultOf(node, call, 'write');
  if (fault?.kind === 'refuse') reply.end(fault.failure);
  if (fault?.kind === 'drop-before-commit' || reply.closed) return;
  const outcome = await write();
  if (fault?.kind === 'drop-after-commit') node.dropConnection(call.getPeer());
  const answer = answerOf(outcome);
  if (isFailure(answer)) reply.end(answer);
  else reply.answer(answer);
}

const isFailure = (answer: unknown): answer is Failure =>
  typeof answer === 'object' && answer !== null && 'code' in answer && 'details' in answer;

/** Answers an Append call. */
export function append(
  node: Node,
  call: ServerReadableStream<AppendReq, AppendResp>,
  callback: sendUnaryData<AppendResp>,
): void {
  const reply = replyTo(node, call, callback);
  const refusal = refusalOf(node, call);
  if (refusal !== undefined) reply.end(refusal);
  let options: AppendReq.Options | undefined;
  const events: ProposedEvent[] = [];
  let size = 0;
  call.on('data', (request: AppendReq) => {
    options ??= request.getOptions();
    const message = request.getProposedMessage();
    if (message === undefined) return;
    const event = proposedEvent(message);
    if (isFailure(event)) {
      reply.end(event);
      return;
    }
    events.push(event);
    size += sizeOf(event);
    if (size > maxAppendSize) reply.end(failures.maxAppendSizeExceeded());
  });
  call.on('end', () => {
    node.faults.whenAwake(() => {
      if (options === undefined) reply.end(failures.invalidArgument('The first request must carry options'));
      else void performAppend(node, call, reply, { options, events });
    });
  });
}

async function performAppend(
  node: Node,
  call: Caller,
  reply: Reply<AppendResp>,
  { options, events }: { readonly options: AppendReq.Options; readonly events: readonly ProposedEvent[] },
): Promise<void> {
  const stream = nameOf(options.getStreamIdentifier());
  const expected = expectedOf(options, options.getRevision());
  await perform(node, call, reply, {
    write: () => appendEvents(node.log, stream, expected, events),
    answerOf: (outcome) =>
      outcome.kind === 'stream-deleted' ? failures.streamDeleted(stream) : appendAnswer(outcome, expected),
  });
}

type Removal = { readonly options: DeleteReq.Options | TombstoneReq.Options; readonly hard: boolean };

async function remove(node: Node, call: Caller, reply: Reply<Position>, { options, hard }: Removal): Promise<void> {
  const stream = nameOf(options.getStreamIdentifier());
  const expected = expectedOf(options, options.getRevision());
  const refusal = refusalOf(node, call);
  if (refusal !== undefined) reply.end(refusal);
  await perform(node, call, reply, {
    write: () => (hard ? tombstoneStream : deleteStream)(node.log, stream, expected),
    answerOf: (outcome) => {
      if (outcome.kind === 'stream-deleted') return failures.streamDeleted(stream);
      if (outcome.kind === 'done') return { position: String(outcome.position) };
      return failures.wrongExpectedVersion(stream, expected, outcome.current);
    },
  });
}

type Position = { readonly position: string };

/** Answers a Delete call, with the position of the metadata that deletes. */
export function deleteCall(
  node: Node,
  call: ServerUnaryCall<DeleteReq, DeleteResp>,
  callback: sendUnaryData<DeleteResp>,
): void {
  const reply = replyTo<Position>(node, call, (error, value) => {
    const position = new DeleteResp.Position();
    position.setCommitPosition(value?.position ?? '').setPreparePosition(value?.position ?? '');
    callback(error, error === null ? new DeleteResp().setPosition(position) : null);
  });
  const options = call.request.getOptions();
  node.faults.whenAwake(() => {
    if (options === undefined) reply.end(failures.invalidArgument('No options'));
    else void remove(node, call, reply, { options, hard: false });
  });
}

/** Answers a Tombstone call, with the position of `$streamDeleted`. */
export function tombstoneCall(
  node: Node,
  call: ServerUnaryCall<TombstoneReq, TombstoneResp>,
  callback: sendUnaryData<TombstoneResp>,
): void {
  const reply = replyTo<Position>(node, call, (error, value) => {
    const position = new TombstoneResp.Position();
    position.setCommitPosition(value?.position ?? '').setPreparePosition(value?.position ?? '');
    callback(error, error === null ? new TombstoneResp().setPosition(position) : null);
  });
  const options = call.request.getOptions();
  node.faults.whenAwake(() => {
    if (options === undefined) reply.end(failures.invalidArgument('No options'));
    else void remove(node, call, reply, { options, hard: true });
  });
}
