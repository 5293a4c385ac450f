/**
 * Stream metadata, and what it hides.
 *
 * The metadata of stream `s` is the last event of stream `$$s`, a JSON document of type `$metadata`. Three of its keys
 * limit what a read of `s` shows: `$maxCount` (the last n events), `$tb` ("truncate before": revisions from n on) and
 * `$maxAge` (younger than n seconds). Revisions never change, and `$all` goes on to show what a stream hides, until a
 * scavenge. A metastream has metadata of its own that nobody can set: `$maxCount` 1.
 *
 * A soft delete is nothing but `$tb` at the largest possible revision. The next append brings the stream back: `$tb`
 * becomes the next revision, so that numbering goes on where it stopped and the old events stay hidden.
 */
import { deletedRevision, type RecordedEvent } from './records';

/** The limits that stream metadata can set: revisions, a count, and an age in milliseconds. */
export type StreamMetadata = {
  readonly truncateBefore?: number;
  readonly maxCount?: number;
  readonly maxAge?: number;
};

/** The stream that holds the metadata of `stream`. */
export const metastreamOf = (stream: string): string => `$$${stream}`;

/** Tells whether a stream holds the metadata of another, `originalOf` it. */
export const isMetastream = (stream: string): boolean => stream.startsWith('$$');

/** The stream whose metadata a metastream holds. */
export const originalOf = (metastream: string): string => metastream.slice(2);

/** The metadata of every metastream. */
export const metadataOfMetastreams: StreamMetadata = { maxCount: 1 };

type Document = Readonly<Record<string, unknown>>;

function documentOf(data: Uint8Array): Document {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(data).toString('utf8'));
    return typeof parsed === 'object' && parsed !== null ? (parsed as Document) : {};
  } catch {
    // The server ignores metadata that is not JSON.
    return {};
  }
}

/** Reads the limits from the bytes of a `$metadata` event; what is not valid is ignored. */
export function parseMetadata(data: Uint8Array): StreamMetadata {
  const document = documentOf(data);
  const number = (key: string) => (typeof document[key] === 'number' ? document[key] : undefined);
  const seconds = number('$maxAge');
  return {
    truncateBefore: number('$tb'),
    maxCount: number('$maxCount'),
    maxAge: seconds === undefined ? undefined : seconds * 1000,
  };
}

/** The document with `$tb` at a revision, everything else as it was; `deletedRevision` deletes the stream softly. */
export function withTruncateBefore(data: Uint8Array, revision: number): Buffer {
  const { $tb: _, ...rest } = documentOf(data);
  const others = JSON.stringify(rest).slice(1, -1);
  const limit = revision === deletedRevision ? '9223372036854775807' : String(revision);
  return Buffer.from(`{"$tb":${limit}${others === '' ? '' : `,${others}`}}`);
}

/** Tells whether metadata deletes its stream softly. */
export const isSoftDeleted = ({ truncateBefore }: StreamMetadata): boolean => truncateBefore === deletedRevision;

/** The first revision of a stream that a read may show, given the stream's last one. */
export const firstVisible = ({ maxCount, truncateBefore }: StreamMetadata, last: number): number =>
  Math.max(0, maxCount === undefined ? 0 : last - maxCount + 1, truncateBefore ?? 0);

/** Tells whether an event is young enough to be shown at the time `now`, in milliseconds. */
export const isYoungEnough = ({ maxAge }: StreamMetadata, { created }: RecordedEvent, now: number): boolean =>
  maxAge === undefined || created >= now - maxAge;
