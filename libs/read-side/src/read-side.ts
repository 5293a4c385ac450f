import { type ProjectionStatus } from '@faultline/projections';

/** A page of ids, for drill-downs and lists of the past. */
export type IdPage = { readonly ids: readonly string[]; readonly nextCursor: string | null };

/** Query parameters as they came: text, or several of them. */
export type QueryParameters = Readonly<Record<string, string | string[]>>;

/** Reports over the read models, `now` in ms since the epoch. They run in a worker thread, so that the event loop that answers requests stays free. */
export interface ReportSide {
  report(name: string, query: QueryParameters, now: number): Promise<object>;
  incidentsBehind(name: string, query: QueryParameters, now: number): Promise<IdPage>;
  incidentsAsOf(query: QueryParameters): Promise<IdPage>;
  /** Why it stopped by itself, if it did. */
  readonly failure: string | undefined;
  stop(): Promise<void>;
}

/** The part of the platform that follows the log: projections and the reports over them. */
export interface ReadSide extends ReportSide {
  /** Resolves once every projection reflects the log up to `position`, or as soon as the signal aborts. */
  reached(position: string, signal?: AbortSignal): Promise<void>;
  status(): Promise<readonly ProjectionStatus[]>;
  /** Starts a rebuild, here or wherever the model is fed, and returns. Throws `projection.unknown`, `projection.rebuilding`. */
  rebuild(name: string): Promise<void>;
}
