/**
 * How EventStoreDB says that something failed: three ways, and the client has to know which call uses which.
 *
 * - Most calls end with a gRPC status; the trailer `exception` names the kind, further trailers carry the details.
 * - Append answers a wrong expected version as a value, with status OK (see `messages.ts`).
 * - BatchAppend, whose one call carries many appends, answers every failure as a `google.rpc.Status` with a packed
 *   detail; all but "not leader", which ends the whole call.
 */
import { Metadata, status, type StatusObject } from '@grpc/grpc-js';
import { Code } from '@eventstore/db-client/generated/code_pb';
import {
  BadRequest,
  MaximumAppendSizeExceeded,
  StreamDeleted,
  StreamIdentifier,
  Timeout,
  WrongExpectedVersion,
} from '@eventstore/db-client/generated/shared_pb';
import { Status } from '@eventstore/db-client/generated/status_pb';
import { Any } from 'google-protobuf/google/protobuf/any_pb';
import { Empty } from 'google-protobuf/google/protobuf/empty_pb';
import { textOf } from './records';
import type { Expected } from './write-rules';

/** A gRPC status to end a call with, trailers included. */
export type Failure = Omit<StatusObject, 'metadata'> & { readonly metadata: Metadata };

/** The limit of one append, in bytes: one mebibyte until version 25.0. */
export const maxAppendSize = 1024 * 1024;

// A header carries printable ASCII only; stream names may be anything.
const headerText = (text: string) => text.replace(/[^ -~]+/g, encodeURIComponent);

function failure(code: status, details: string, trailers: Readonly<Record<string, string>> = {}): Failure {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(trailers)) metadata.set(name, headerText(value));
  return { code, details, metadata };
}

/** The constants by which the wire names an expectation that is no revision. */
export const expectedNumber = (expected: Expected): string => {
  switch (expected) {
    case 'no-stream':
      return '-1';
    case 'any':
      return '-2';
    case 'stream-exists':
      return '-4';
    default:
      return expected.toString();
  }
};

/** The statuses of the server, with their trailers. */
export const failures = {
  notLeader: (host: string, port: number): Failure =>
    failure(status.NOT_FOUND, 'Leader info available', {
      exception: 'not-leader',
      'leader-endpoint-host': host,
      'leader-endpoint-port': String(port),
    }),
  notReady: (): Failure => failure(status.UNAVAILABLE, 'Server Is Not Ready'),
  tooBusy: (): Failure => failure(status.UNAVAILABLE, 'Server Is Too Busy'),
  timeout: (): Failure => failure(status.ABORTED, 'Operation timed out: commit'),
  streamDeleted: (stream: string): Failure =>
    failure(status.FAILED_PRECONDITION, `Event stream '${stream}' is deleted.`, {
      exception: 'stream-deleted',
      'stream-name': stream,
    }),
  wrongExpectedVersion: (stream: string, expected: Expected, current: number): Failure =>
    failure(
      status.FAILED_PRECONDITION,
      `Delete failed due to WrongExpectedVersion. Stream: ${stream}, Expected version: ${expectedNumber(expected)}, Actual version: ${current}`,
      {
        exception: 'wrong-expected-version',
        'stream-name': stream,
        'expected-version': expectedNumber(expected),
        'actual-version': String(current),
      },
    ),
  maxAppendSizeExceeded: (): Failure =>
    failure(status.INVALID_ARGUMENT, `Maximum Append Size of ${maxAppendSize} Exceeded.`, {
      exception: 'maximum-append-size-exceeded',
      'maximum-append-size': String(maxAppendSize),
    }),
  missingMetadata: (property: string): Failure =>
    failure(status.INVALID_ARGUMENT, `Required Metadata Property '${property}' is missing`, {
      exception: 'missing-required-metadata-property',
      'required-metadata-properties': 'type,content-type',
    }),
  invalidPosition: (): Failure => failure(status.INVALID_ARGUMENT, 'Trying to read from an invalid position.'),
  invalidArgument: (details: string): Failure => failure(status.INVALID_ARGUMENT, details),
  accessDenied: (): Failure => failure(status.PERMISSION_DENIED, 'Access Denied', { exception: 'access-denied' }),
  unauthenticated: (): Failure => failure(status.UNAUTHENTICATED, 'Unauthenticated'),
  cancelled: (): Failure => failure(status.CANCELLED, 'The server is shutting down.'),
  dropped: (): Failure => failure(status.UNAVAILABLE, 'Connection dropped'),
  broken: (details: string): Failure => failure(status.UNKNOWN, `Exception was thrown by handler. ${details}`),
} as const;

type Packed = { serializeBinary(): Uint8Array };

function batchStatus(code: Code, message: string, detail: Packed, typeName: string): Status {
  const details = new Any();
  details.pack(detail.serializeBinary(), typeName);
  return new Status().setCode(code).setMessage(message).setDetails(details);
}

const client = (message: string) => `event_store.client.${message}`;
const none = () => new Empty();

/** The failures of one append among the many of a BatchAppend call. */
export const batchFailures = {
  wrongExpectedVersion(expected: Expected, current: number): Status {
    const detail = new WrongExpectedVersion();
    if (current < 0) detail.setCurrentNoStream(none());
    else detail.setCurrentStreamRevision(textOf(current));
    if (expected === 'any') detail.setExpectedAny(none());
    else if (expected === 'stream-exists') detail.setExpectedStreamExists(none());
    else if (expected === 'no-stream') detail.setExpectedNoStream(none());
    else detail.setExpectedStreamPosition(expected.toString());
    return batchStatus(Code.ALREADY_EXISTS, 'WrongExpectedVersion', detail, client('WrongExpectedVersion'));
  },
  streamDeleted(stream: string): Status {
    const identifier = new StreamIdentifier().setStreamName(Buffer.from(stream));
    const detail = new StreamDeleted().setStreamIdentifier(identifier);
    return batchStatus(Code.NOT_FOUND, 'StreamDeleted', detail, client('StreamDeleted'));
  },
  timeout: (): Status => batchStatus(Code.DEADLINE_EXCEEDED, 'Timeout', new Timeout(), client('Timeout')),
  maxAppendSizeExceeded(): Status {
    const detail = new MaximumAppendSizeExceeded().setMaxappendsize(maxAppendSize);
    const name = 'MaximumAppendSizeExceeded';
    return batchStatus(Code.INVALID_ARGUMENT, name, detail, client(name));
  },
  badRequest: (message: string): Status =>
    batchStatus(Code.INVALID_ARGUMENT, 'BadRequest', new BadRequest().setMessage(message), client('BadRequest')),
  // These two carry no code and nothing that names them but the message.
  notReady: (): Status => batchStatus(Code.OK, 'Server Is Not Ready', none(), 'google.protobuf.Empty'),
  tooBusy: (): Status => batchStatus(Code.OK, 'Server Is Busy', none(), 'google.protobuf.Empty'),
} as const;
