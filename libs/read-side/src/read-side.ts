import { type ProjectionStatus } from '@faultline/projections';

/** A page of ids, for drill-downs and lists of the past. */
export type IdPage = { readonly ids: readonly string[]; readonly nextCursor: string | null };

/** Query parameters as they came: text, or several of them. */
export type QueryParameters = Readonly<Record<string, string | string[]>>;

/**
 * The part of the platform that follows the log: projections and the reports over them. It runs in a worker thread, so that the event
 * loop that answers requests stays free, or in the same thread where a test injects its clock.
 */
export interface ReadSide {
  /** Resolves once every projection reflects the log up to `position`. */
  reached(position: string): Promise<void>;
  /** The position that every projection has reached. */
  readonly position: string;
  status(): Promise<readonly ProjectionStatus[]>;
  rebuild(name: string): Promise<void>;
  report(name: string, query: QueryParameters): Promise<object>;
  incidentsBehind(name: string, query: QueryParameters): Promise<IdPage>;
  incidentsAsOf(query: QueryParameters): Promise<IdPage>;
  /** Why projections stopped by themselves, if they did. */
  readonly failure: string | undefined;
  stop(): Promise<void>;
}
