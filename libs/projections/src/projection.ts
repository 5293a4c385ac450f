import { type RecordedEvent } from '@faultline/kernel';
import { type IndexSpec, type ReadDocument } from '@faultline/read-store';

/**
 * A read model with one document per key: a pure fold. The events it is given have clear text in their personal fields (null where
 * the key was destroyed) and data of the current schema version. The runtime owns order, positions, checkpoints and rebuilds.
 */
export interface Projection<Doc extends ReadDocument = ReadDocument> {
  /** The read model's name; its collections are `name@version`. */
  readonly name: string;
  readonly indexes: readonly IndexSpec[];
  /** Events of streams with other prefixes never reach it. */
  readonly streamPrefixes: readonly string[];
  /** The `_id` of the document that the event changes; null if it changes none. */
  keyOf(event: RecordedEvent): string | null;
  /**
   * The document after the event; the same object where the event changes nothing, null to delete it. `_id` and `position` are set
   * by the runtime.
   */
  apply(document: Doc | null, event: RecordedEvent): Omit<Doc, 'position'> | null;
  /** Read models that count over the documents of this one. */
  readonly counters?: readonly Counter[];
}

/** What one document contributes to a counter: the counting document's key, the fields that describe it, and the numbers to add. */
export type Contribution = {
  readonly key: string;
  readonly labels: Readonly<Record<string, string | number | boolean | null>>;
  readonly counts: Readonly<Record<string, number>>;
};

/**
 * A read model that counts: each document of the projection it belongs to contributes some numbers, and a step of that document
 * changes the counts by the difference. A counting document has the labels, then `counts`.
 */
export interface Counter {
  readonly name: string;
  readonly indexes: readonly IndexSpec[];
  contributions(document: ReadDocument): readonly Contribution[];
}

/** A document of a {@link Counter}. */
export type CountDocument = ReadDocument & {
  readonly labels: Contribution['labels'];
  readonly counts: Readonly<Record<string, number>>;
};
