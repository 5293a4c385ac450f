/**
 * What EventStoreDB stores, and where.
 *
 * The database is one log. An event's position is the byte offset at which its record begins: positions rise strictly,
 * have gaps, and cannot be counted up or invented. A position has two halves, commit and prepare; they differ only for
 * transactions over several requests, which the gRPC protocol no longer has, so here they are always equal.
 *
 * On disk a write is one frame: its length, a checksum, and the records of all its events. A frame that is short or does
 * not match its checksum is the torn end of a write that nobody was told of; so a write is there whole or not at all.
 */
import { crc32 } from 'node:zlib';

/** An event that a client asks to append: `id` in lower case, `data` and `metadata` as the bytes that were sent. */
export type ProposedEvent = {
  readonly id: string;
  readonly type: string;
  readonly isJson: boolean;
  readonly metadata: Uint8Array;
  readonly data: Uint8Array;
};

/** An event in the log; `created` in milliseconds since 1970, `position` in bytes; `answer` is its cached read response. */
export type RecordedEvent = ProposedEvent & {
  readonly stream: string;
  readonly revision: number;
  readonly created: number;
  readonly position: number;
  answer?: Buffer;
};

/** The revision of `$streamDeleted`, the last event that a stream can have: 2^63 - 1, which no number holds exactly. */
export const deletedRevision = 2 ** 63;

/** Revisions and positions travel as decimal text. */
export const textOf = (revision: number): string =>
  revision === deletedRevision ? '9223372036854775807' : String(revision);

const frameHeaderBytes = 8;
const lengthBytes = 4;

type Header = Omit<RecordedEvent, 'metadata' | 'data' | 'position' | 'answer'> & { readonly metadataBytes: number };

function encodeRecord({ metadata, data, position: _, answer: __, ...rest }: RecordedEvent): Buffer {
  const header = Buffer.from(JSON.stringify({ ...rest, metadataBytes: metadata.length } satisfies Header));
  const record = Buffer.allocUnsafe(2 * lengthBytes + header.length + metadata.length + data.length);
  record.writeUInt32LE(record.length, 0);
  record.writeUInt32LE(header.length, lengthBytes);
  record.set(header, 2 * lengthBytes);
  record.set(metadata, 2 * lengthBytes + header.length);
  record.set(data, 2 * lengthBytes + header.length + metadata.length);
  return record;
}

function decodeRecord(record: Buffer, position: number): RecordedEvent {
  const headerEnd = 2 * lengthBytes + record.readUInt32LE(lengthBytes);
  const header = JSON.parse(record.toString('utf8', 2 * lengthBytes, headerEnd)) as Header;
  const { metadataBytes, ...rest } = header;
  const metadata = record.subarray(headerEnd, headerEnd + metadataBytes);
  return { ...rest, metadata, data: record.subarray(headerEnd + metadataBytes), position };
}

/** Lays out one write that begins at byte `start`: the events with their positions, and the bytes of the frame. */
export function layOut(
  events: readonly Omit<RecordedEvent, 'position'>[],
  start: number,
): { readonly events: readonly RecordedEvent[]; readonly frame: Buffer } {
  const placed: RecordedEvent[] = [];
  const parts: Buffer[] = [];
  let position = start + frameHeaderBytes;
  for (const event of events) {
    const recorded = { ...event, position };
    const record = encodeRecord(recorded);
    placed.push(recorded);
    parts.push(record);
    position += record.length;
  }
  const body = Buffer.concat(parts);
  const header = Buffer.allocUnsafe(frameHeaderBytes);
  header.writeUInt32LE(body.length, 0);
  header.writeUInt32LE(crc32(body), lengthBytes);
  return { events: placed, frame: Buffer.concat([header, body]) };
}

/** Reads whole frames from the start of a log; `end` is where the first damaged or unfinished one begins. */
export function readFrames(log: Buffer): { readonly writes: readonly RecordedEvent[][]; readonly end: number } {
  const writes: RecordedEvent[][] = [];
  let start = 0;
  while (start + frameHeaderBytes <= log.length) {
    const bodyStart = start + frameHeaderBytes;
    const body = log.subarray(bodyStart, bodyStart + log.readUInt32LE(start));
    if (body.length < log.readUInt32LE(start) || crc32(body) !== log.readUInt32LE(start + lengthBytes)) break;
    const events: RecordedEvent[] = [];
    for (let at = 0; at < body.length; at += body.readUInt32LE(at)) {
      events.push(decodeRecord(body.subarray(at, at + body.readUInt32LE(at)), bodyStart + at));
    }
    writes.push(events);
    start = bodyStart + body.length;
  }
  return { writes, end: start };
}
