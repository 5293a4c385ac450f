import { type ImportedIncident } from './formats/import-format';

/** What became of one incident. */
export type AppendOutcome =
  /** So many events were appended: all of its own, or those of a later export that were new. */
  | { readonly kind: 'imported'; readonly events: number }
  /** Everything was there already. */
  | { readonly kind: 'unchanged' }
  /** Nothing was appended: it contradicts what is there, its number is another one's, or it is too large. */
  | { readonly kind: 'held-back'; readonly reason: string };

/** Where an import puts its incidents. A repeat appends nothing twice. */
export interface ImportTarget {
  /** Called once, before the first append: numbers up to `highestNumber` must never be given out (null: there are none). */
  prepare(highestNumber: number | null): Promise<void>;
  /** Appends each incident whole or not at all; answers one outcome per incident, in their order. */
  appendIncidents(batch: readonly ImportedIncident[]): Promise<readonly AppendOutcome[]>;
}
