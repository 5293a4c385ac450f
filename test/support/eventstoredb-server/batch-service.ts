/**
 * The BatchAppend call: one long call over which a client sends all its appends. Each has a correlation id, may come in
 * several requests, is complete with the one marked final, and is answered by itself, in whatever order they are done.
 *
 * An append has to be complete and done before its deadline, which the client sends as a time of day (so that its clock
 * matters) and the server shortens to two seconds from the first request. Failures are answers; the call goes on. Only
 * "not leader" ends it, with all that is still under way.
 */
import type { ServerDuplexStream } from '@grpc/grpc-js';
import { BatchAppendResp, type BatchAppendReq } from '@eventstore/db-client/generated/streams_pb';
import { AllStreamPosition, type UUID } from '@eventstore/db-client/generated/shared_pb';
import type { Status } from '@eventstore/db-client/generated/status_pb';
import { Empty } from 'google-protobuf/google/protobuf/empty_pb';
import { Outlet } from './calls';
import { batchFailures, maxAppendSize } from './errors';
import { expectedOf, identifierOf, nameOf, proposedEvent, sizeOf, uuidText } from './messages';
import { faultOf, refusalOf, type Node } from './node';
import { textOf, type ProposedEvent } from './records';
import type { Expected } from './write-rules';
import { append, type WriteOutcome } from './writes';

type Call = ServerDuplexStream<BatchAppendReq, BatchAppendResp>;

/** An append whose requests are still coming in. */
type Pending = {
  readonly id: UUID | undefined;
  readonly stream: string;
  readonly expected: Expected;
  readonly timer: NodeJS.Timeout;
  readonly events: ProposedEvent[];
  size: number;
};

const writeTimeout = 2000;

/** Answers a BatchAppend call. */
export function batchAppend(node: Node, call: Call): void {
  const batch = new Batch(node, call);
  node.calls.add(batch.outlet);
  const refusal = refusalOf(node, call);
  if (refusal !== undefined) batch.outlet.end(refusal);
  call.on('data', (request: BatchAppendReq) => {
    node.faults.whenAwake(() => {
      batch.receive(request);
    });
  });
  call.on('end', () => {
    node.faults.whenAwake(() => {
      batch.finish();
    });
  });
}

class Batch {
  readonly outlet: Outlet<BatchAppendResp>;
  readonly #pending = new Map<string, Pending>();
  #underWay = 0;
  #finished = false;

  constructor(
    private readonly node: Node,
    private readonly call: Call,
  ) {
    this.outlet = new Outlet(call);
    this.outlet.whenClosed(() => {
      for (const { timer } of this.#pending.values()) clearTimeout(timer);
    });
  }

  receive(request: BatchAppendReq): void {
    const key = uuidText(request.getCorrelationId());
    const options = request.getOptions();
    if (options !== undefined && !this.#begin(key, request.getCorrelationId(), options)) return;
    const pending = this.#pending.get(key);
    if (pending === undefined) return;
    for (const message of request.getProposedMessagesList()) {
      const event = proposedEvent(message);
      if ('code' in event) {
        this.#fail(key, pending, batchFailures.badRequest(event.details));
        return;
      }
      pending.events.push(event);
      pending.size += sizeOf(event);
    }
    if (pending.size > maxAppendSize) this.#fail(key, pending, batchFailures.maxAppendSizeExceeded());
    else if (request.getIsFinal()) void this.#write(key, pending);
  }

  /** The client sends no more: the call ends when all is answered. */
  finish(): void {
    this.#finished = true;
    if (this.#underWay === 0) this.outlet.end();
  }

  #begin(key: string, id: UUID | undefined, options: BatchAppendReq.Options): boolean {
    const stream = nameOf(options.getStreamIdentifier());
    const deadline = options.getDeadline()?.toDate().getTime() ?? Infinity;
    const left = Math.min(deadline - Date.now(), writeTimeout);
    if (left <= 0) {
      this.#answer({ id, stream }, batchFailures.timeout());
      return false;
    }
    const timer = setTimeout(() => {
      const pending = this.#pending.get(key);
      if (pending !== undefined) this.#fail(key, pending, batchFailures.timeout());
    }, left);
    const expected = expectedOf(options, options.getStreamPosition());
    this.#pending.set(key, { id, stream, expected, timer, events: [], size: 0 });
    return true;
  }

  async #write(key: string, pending: Pending): Promise<void> {
    this.#forget(key, pending);
    const fault = faultOf(this.node, this.call, 'write');
    if (fault?.kind === 'refuse') {
      if (fault.batch === undefined) this.outlet.end(fault.failure);
      else this.#answer(pending, fault.batch);
    }
    if (fault?.kind === 'refuse' || fault?.kind === 'drop-before-commit') return;
    this.#underWay += 1;
    const outcome = await append(this.node.log, pending.stream, pending.expected, pending.events);
    this.#underWay -= 1;
    if (fault?.kind === 'drop-after-commit') this.node.dropConnection(this.call.getPeer());
    else this.#answer(pending, resultOf(outcome, pending));
    if (this.#finished) this.finish();
  }

  #fail(key: string, pending: Pending, status: Status): void {
    this.#forget(key, pending);
    this.#answer(pending, status);
  }

  #forget(key: string, { timer }: Pending): void {
    clearTimeout(timer);
    this.#pending.delete(key);
  }

  #answer({ id, stream }: Pick<Pending, 'id' | 'stream'>, result: Status | BatchAppendResp.Success): void {
    const answer = new BatchAppendResp().setCorrelationId(id).setStreamIdentifier(identifierOf(stream));
    this.outlet.post(result instanceof BatchAppendResp.Success ? answer.setSuccess(result) : answer.setError(result));
  }
}

function resultOf(outcome: WriteOutcome, { stream, expected }: Pending): Status | BatchAppendResp.Success {
  switch (outcome.kind) {
    case 'wrong-expected-version':
      return batchFailures.wrongExpectedVersion(expected, outcome.current);
    case 'stream-deleted':
      return batchFailures.streamDeleted(stream);
    case 'done':
      return successOf(outcome);
  }
}

function successOf({ revision, position }: Extract<WriteOutcome, { kind: 'done' }>): BatchAppendResp.Success {
  const success = new BatchAppendResp.Success();
  if (revision < 0) success.setNoStream(new Empty());
  else success.setCurrentRevision(textOf(revision));
  if (position === undefined) return success.setNoPosition(new Empty());
  const text = String(position);
  return success.setPosition(new AllStreamPosition().setCommitPosition(text).setPreparePosition(text));
}
