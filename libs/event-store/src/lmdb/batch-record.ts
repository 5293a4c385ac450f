import { type NewEvent, type RecordedEvent } from '@faultline/kernel';
import { StoreUnusable } from '../event-store.errors';
import { formatPosition } from '../position';

/** One append as the log holds it: the events of a stream, of which the first has position `first` and revision `revision`. */
export type Batch = {
  readonly stream: string;
  readonly first: number;
  readonly revision: number;
  readonly events: readonly NewEvent[];
};

type Stored = {
  readonly r: number;
  readonly e: readonly (readonly [string, string, NewEvent['data'], NewEvent['metadata']])[];
};

const countAt = 2;
const headerBytes = 6;

/**
 * The bytes of one append: the length of the stream's name (2 bytes), the number of events (4), the name, then JSON. Name and number
 * can be read without parsing, which is what a filter by stream needs; the metadata that the events of an append share compress well
 * side by side.
 */
export function encodeBatch(stream: string, revision: number, events: readonly NewEvent[]): Buffer {
  const stored: Stored = { r: revision, e: events.map(({ id, type, data, metadata }) => [id, type, data, metadata]) };
  const name = Buffer.from(stream, 'utf8');
  const header = Buffer.alloc(headerBytes);
  header.writeUInt16BE(name.length);
  header.writeUInt32BE(events.length, countAt);
  return Buffer.concat([header, name, Buffer.from(JSON.stringify(stored), 'utf8')]);
}

/** The stream of an encoded batch. */
export function streamOf(bytes: Buffer): string {
  return bytes.toString('utf8', headerBytes, headerBytes + bytes.readUInt16BE(0));
}

/** How many events an encoded batch holds. */
export const countOf = (bytes: Buffer): number => bytes.readUInt32BE(countAt);

/** Decodes a batch. Throws StoreUnusable, naming the position, for bytes that this store did not write. */
export function decodeBatch(first: number, bytes: Buffer): Batch {
  try {
    const stream = streamOf(bytes);
    const text = bytes.toString('utf8', headerBytes + bytes.readUInt16BE(0));
    const { r, e } = JSON.parse(text) as Stored;
    const events = e.map(([id, type, data, metadata]) => ({ id, type, data, metadata }));
    return { stream, first, revision: r, events };
  } catch (cause) {
    const position = formatPosition(first, first);
    throw new StoreUnusable('damaged', `The event log is damaged at position ${position}: restore it from a backup`, {
      cause,
    });
  }
}

/** The events of a batch as readers get them. Field by field: with a copy by spread, a read takes half as long again. */
export const recordedEvents = ({ stream, first, revision, events }: Batch): RecordedEvent[] =>
  events.map(({ id, type, data, metadata }, index) => ({
    id,
    type,
    data,
    metadata,
    stream,
    revision: revision + index,
    position: formatPosition(first + index, first + index),
  }));
