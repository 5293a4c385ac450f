/**
 * From protocol messages to what this server works with, and back. The message classes are those of the client package.
 *
 * 64-bit numbers travel as decimal text. Stream names are bytes (UTF-8). An event's own properties are a small map of
 * text: `type`, `content-type` (JSON or not; nothing else is told apart) and, when read, `created`, which counts ticks
 * of 100 nanoseconds since 1970. What the client calls metadata is `custom_metadata`, bytes of any kind.
 */
import { Empty, UUID, type StreamIdentifier } from '@eventstore/db-client/generated/shared_pb';
import { StreamIdentifier as StreamIdentifierMessage } from '@eventstore/db-client/generated/shared_pb';
import { AppendResp, ReadResp } from '@eventstore/db-client/generated/streams_pb';
import { failures, type Failure } from './errors';
import { textOf, type ProposedEvent, type RecordedEvent } from './records';
import type { Expected } from './write-rules';
import type { WriteOutcome } from './writes';

/** The name that an identifier carries; empty where it is absent. */
export const nameOf = (identifier: StreamIdentifier | undefined): string =>
  Buffer.from(identifier?.getStreamName_asU8() ?? []).toString('utf8');

/** An identifier that carries a name. */
export const identifierOf = (name: string): StreamIdentifier =>
  new StreamIdentifierMessage().setStreamName(Buffer.from(name));

/** An id as text in lower case, in whichever of the two forms it came. */
export function uuidText(uuid: UUID | undefined): string {
  const structured = uuid?.getStructured();
  if (structured === undefined) return uuid?.getString().toLowerCase() ?? '';
  const half = (bits: string) => BigInt.asUintN(64, BigInt(bits)).toString(16).padStart(16, '0');
  const hex = half(structured.getMostSignificantBits()) + half(structured.getLeastSignificantBits());
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

const uuidPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** An id as a message, as text or in two halves of 64 bits. */
export function uuidMessage(text: string, structured: boolean): UUID {
  if (!structured) return new UUID().setString(text);
  const hex = text.replaceAll('-', '');
  const half = (from: number) => BigInt.asIntN(64, BigInt(`0x${hex.slice(from, from + 16)}`)).toString();
  const halves = new UUID.Structured().setMostSignificantBits(half(0)).setLeastSignificantBits(half(16));
  return new UUID().setStructured(halves);
}

type ProposedMessage = {
  getId(): UUID | undefined;
  getMetadataMap(): { get(key: string): string | undefined };
  getCustomMetadata_asU8(): Uint8Array;
  getData_asU8(): Uint8Array;
};

/** The event that a client proposes, or why it cannot be taken. */
export function proposedEvent(message: ProposedMessage): ProposedEvent | Failure {
  const map = message.getMetadataMap();
  const type = map.get('type');
  if (type === undefined) return failures.missingMetadata('type');
  const contentType = map.get('content-type');
  if (contentType === undefined) return failures.missingMetadata('content-type');
  const id = uuidText(message.getId());
  if (!uuidPattern.test(id)) return failures.broken(`'${id}' is not a UUID`);
  return {
    id,
    type,
    isJson: contentType === 'application/json',
    metadata: message.getCustomMetadata_asU8(),
    data: message.getData_asU8(),
  };
}

/** What an event counts towards the limit of an append: UTF-16 for its type, and its bytes. */
export const sizeOf = ({ type, data, metadata }: ProposedEvent): number =>
  2 * type.length + data.length + metadata.length;

type ExpectationMessage = { hasNoStream(): boolean; hasAny(): boolean; hasStreamExists(): boolean };

/** The expectation of a write, whose revision comes as decimal text. */
export function expectedOf(options: ExpectationMessage, revision: string): Expected {
  if (options.hasNoStream()) return 'no-stream';
  if (options.hasAny()) return 'any';
  if (options.hasStreamExists()) return 'stream-exists';
  return BigInt.asIntN(64, BigInt(revision));
}

const ticksOf = (milliseconds: number) => `${milliseconds}0000`;

function recordedMessage(event: RecordedEvent, structured: boolean): ReadResp.ReadEvent.RecordedEvent {
  const message = new ReadResp.ReadEvent.RecordedEvent()
    .setId(uuidMessage(event.id, structured))
    .setStreamIdentifier(identifierOf(event.stream))
    .setStreamRevision(textOf(event.revision))
    .setPreparePosition(String(event.position))
    .setCommitPosition(String(event.position))
    .setCustomMetadata(event.metadata)
    .setData(event.data);
  message
    .getMetadataMap()
    .set('type', event.type)
    .set('created', ticksOf(event.created))
    .set('content-type', event.isJson ? 'application/json' : 'application/octet-stream');
  return message;
}

const bytesOf = (response: ReadResp): Buffer => Buffer.from(response.serializeBinary());

/** What a read shows for one place of a stream: the event there, or a link with the event it points to, if there. */
export type Resolved = { readonly event?: RecordedEvent; readonly link?: RecordedEvent };

/** The read response for an event; the usual form is serialized once and kept. */
export function eventAnswer({ event, link }: Resolved, structured: boolean): Buffer {
  const cached = link === undefined && !structured;
  if (cached && event?.answer !== undefined) return event.answer;
  const message = new ReadResp.ReadEvent();
  if (event !== undefined) message.setEvent(recordedMessage(event, structured));
  if (link !== undefined) message.setLink(recordedMessage(link, structured));
  message.setCommitPosition(String((link ?? event)?.position));
  const bytes = bytesOf(new ReadResp().setEvent(message));
  if (cached && event !== undefined) event.answer = bytes;
  return bytes;
}

/** The other read responses. */
export const answers = {
  confirmation: (id: string): Buffer =>
    bytesOf(new ReadResp().setConfirmation(new ReadResp.SubscriptionConfirmation().setSubscriptionId(id))),
  checkpoint: (position: number): Buffer =>
    bytesOf(
      new ReadResp().setCheckpoint(
        new ReadResp.Checkpoint().setCommitPosition(String(position)).setPreparePosition(String(position)),
      ),
    ),
  caughtUp: (): Buffer => bytesOf(new ReadResp().setCaughtUp(new ReadResp.CaughtUp())),
  streamNotFound: (name: string): Buffer =>
    bytesOf(new ReadResp().setStreamNotFound(new ReadResp.StreamNotFound().setStreamIdentifier(identifierOf(name)))),
  lastPosition: (revision: number): Buffer => bytesOf(new ReadResp().setLastStreamPosition(String(revision))),
} as const;

/** The answer to an Append that was done, or was at the wrong version, which here is a value and not an error. */
export function appendAnswer(
  outcome: Exclude<WriteOutcome, { kind: 'stream-deleted' }>,
  expected: Expected,
): AppendResp {
  return outcome.kind === 'done'
    ? new AppendResp().setSuccess(appendSuccess(outcome))
    : new AppendResp().setWrongExpectedVersion(appendConflict(outcome.current, expected));
}

function appendSuccess({ revision, position }: Extract<WriteOutcome, { kind: 'done' }>): AppendResp.Success {
  const success = new AppendResp.Success();
  if (revision < 0) success.setNoStream(new Empty());
  else success.setCurrentRevision(textOf(revision));
  if (position === undefined) return success.setNoPosition(new Empty());
  const text = String(position);
  return success.setPosition(new AppendResp.Position().setCommitPosition(text).setPreparePosition(text));
}

function appendConflict(current: number, expected: Expected): AppendResp.WrongExpectedVersion {
  const conflict = new AppendResp.WrongExpectedVersion();
  if (current < 0) conflict.setCurrentNoStream(new Empty());
  else conflict.setCurrentRevision(textOf(current));
  if (expected === 'any') return conflict.setExpectedAny(new Empty());
  if (expected === 'stream-exists') return conflict.setExpectedStreamExists(new Empty());
  if (expected === 'no-stream') return conflict.setExpectedNoStream(new Empty());
  return conflict.setExpectedRevision(expected.toString());
}
