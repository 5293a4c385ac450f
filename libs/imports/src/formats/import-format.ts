import { type IncidentEvent } from '@faultline/incidents';
import { type KnownColumns } from '../csv/header';
import { type SpooledRow } from '../spool/spooled-record';
import { type LocalTimes } from './local-times';

/** One event of an imported incident, before it has an envelope. */
export type ImportedEvent = {
  readonly event: IncidentEvent;
  /** ISO 8601, UTC, milliseconds. */
  readonly occurredAt: string;
  /** The name of the person as the file has it; null if it names none. */
  readonly actor: string | null;
  /** The line of the row that says so: for provenance only, nothing derives from it. */
  readonly line: number;
};

/** What an incident's history names and the registers may not know yet, each once. */
export type ImportedNames = {
  readonly teams: readonly { readonly key: string; readonly tier: number | null }[];
  readonly services: readonly string[];
  readonly categories: readonly (readonly [category: string, subcategory: string | null])[];
  readonly persons: readonly string[];
};

/** The whole history of one incident as its rows tell it, in the order of its stream. */
export type ImportedIncident = {
  readonly number: string;
  readonly events: readonly ImportedEvent[];
  readonly names: ImportedNames;
  /** The columns whose final stamped value differs from what the rows themselves add up to: 1 each. */
  readonly differences: Readonly<Record<string, number>>;
};

/** Why a row is rejected, and for which column. */
export type RowFault = { readonly column: string; readonly reason: string };

/** What reading a row needs beside the row: the zone of times without an offset, and the latest instant believed, in ms. */
export type RowContext = { readonly times: LocalTimes; readonly latest: number };

/** What mapping needs beside the rows: the id of a person by the name that the file has. */
export type MappingContext = { readonly times: LocalTimes; readonly personId: (name: string) => string };

/** A kind of file that can be imported: its columns, how one row is read, and how the rows of a key become an incident. */
export interface ImportFormat extends KnownColumns {
  readonly name: string;
  /** The column whose value groups rows. */
  readonly key: string;
  /** The column that says whether a service level was kept; null if the format has none. */
  readonly serviceLevel: string | null;
  /** Where the row (values of `columns`) stands within its key, as text that sorts; or what is wrong with it. */
  readonly orderOf: (values: readonly string[], context: RowContext) => string | RowFault;
  /** The incident that the ordered rows of one key tell; depends on nothing but the rows' values and the context. */
  readonly toIncident: (rows: readonly SpooledRow[], context: MappingContext) => ImportedIncident;
}

/** A value, or null for the two ways of saying that it is unknown. */
export const known = (value: string | undefined): string | null =>
  value === undefined || value === '' || value === '?' ? null : value;
