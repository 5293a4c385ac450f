import { type ImportedIncident } from './formats/import-format';
import { type AppendOutcome } from './import.target';
import { type Manifest } from './spool/manifest';
import { type Rejection } from './spool/spooled-record';

/** How far a run is. */
export type ImportProgress = {
  readonly rows: number;
  readonly rowsTotal: number;
  readonly incidents: number;
  readonly events: number;
  readonly eventsPerSecond: number;
  /** Null until there is something to judge by. */
  readonly secondsLeft: number | null;
};

/** What an import did. */
export type ImportReport = {
  /** Rows of the file. */
  readonly rows: number;
  /** Incidents of which something was appended. */
  readonly incidents: number;
  readonly events: number;
  /** Incidents that were there already. */
  readonly unchanged: number;
  /** The first rejected rows; the spool has all of them. */
  readonly rejected: readonly Rejection[];
  readonly rejectedRows: number;
  /** The incidents of which nothing was appended, with the reason: the first 100,000, so that memory has a bound. */
  readonly heldBack: readonly { readonly key: string; readonly reason: string }[];
  readonly heldBackIncidents: number;
  readonly ignoredColumns: readonly string[];
  /** By column, the incidents whose final stamped value differs from what their rows add up to. */
  readonly differences: Readonly<Record<string, number>>;
};

const reportedHeldBack = 100_000;

/** Counts a run while it goes on. */
export class ImportTally {
  private rows: number;
  private incidents = 0;
  private events = 0;
  private unchanged = 0;
  private heldBackIncidents = 0;
  private readonly heldBack: { readonly key: string; readonly reason: string }[] = [];
  private readonly differences = new Map<string, number>();

  constructor(
    private readonly manifest: Manifest,
    private readonly startedAt: number,
  ) {
    this.rows = manifest.keylessRows;
  }

  /** So many rows are dealt with. */
  pass(rows: number): void {
    this.rows += rows;
  }

  hold(key: string, reason: string): void {
    this.heldBackIncidents += 1;
    if (this.heldBack.length < reportedHeldBack) this.heldBack.push({ key, reason });
  }

  settle(incident: ImportedIncident, outcome: Exclude<AppendOutcome, { kind: 'held-back' }>): void {
    if (outcome.kind === 'unchanged') {
      this.unchanged += 1;
    } else {
      this.incidents += 1;
      this.events += outcome.events;
    }
    for (const [column, count] of Object.entries(incident.differences)) {
      this.differences.set(column, (this.differences.get(column) ?? 0) + count);
    }
  }

  progress(now: number): ImportProgress {
    const { rows, incidents, events } = this;
    const rowsTotal = this.manifest.rows;
    const seconds = (now - this.startedAt) / 1000;
    const done = rows - this.manifest.keylessRows;
    return {
      rows,
      rowsTotal,
      incidents,
      events,
      eventsPerSecond: seconds > 0 ? events / seconds : 0,
      secondsLeft: done > 0 ? (seconds * (rowsTotal - rows)) / done : null,
    };
  }

  report(): ImportReport {
    const { rows, rejected, rejectedRows, ignoredColumns } = this.manifest;
    const { incidents, events, unchanged, heldBack, heldBackIncidents } = this;
    const differences = Object.fromEntries([...this.differences].sort(([a], [b]) => (a < b ? -1 : 1)));
    return {
      rows,
      incidents,
      events,
      unchanged,
      rejected,
      rejectedRows,
      heldBack,
      heldBackIncidents,
      ignoredColumns,
      differences,
    };
  }
}
