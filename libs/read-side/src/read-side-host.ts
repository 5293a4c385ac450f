import { EventCodec } from '@faultline/commands';
import { type EventStore } from '@faultline/event-store';
import { type Clock } from '@faultline/kernel';
import { type KeyStore } from '@faultline/key-store';
import { ProjectionHost, type ProjectionStatus } from '@faultline/projections';
import { incidentProjection } from '@faultline/read-models';
import { type ReadStore } from '@faultline/read-store';
import { ReportService, timelineProjection } from '@faultline/reports';
import { eventSchemas } from './event-schemas';
import { type IdPage, type QueryParameters, type ReadSide } from './read-side';

/** What the read side needs; each thread or process opens its own. */
export type ReadSideServices = {
  readonly events: EventStore;
  readonly documents: ReadStore;
  readonly keys: KeyStore;
  readonly clock: Clock;
  readonly onPosition?: (position: string) => void;
  readonly onTrouble?: (message: string, fatal: boolean) => void;
};

/** Every read model of the platform. */
export const projections = [incidentProjection, timelineProjection];

type Waiter = { readonly position: string; readonly resolve: () => void };

/** The read side in the thread it is made in: projections, and reports over them. */
export class ReadSideHost implements ReadSide {
  private readonly host: ProjectionHost;
  private readonly reports: ReportService;
  private waiters: Waiter[] = [];
  failure: string | undefined;

  constructor(private readonly services: ReadSideServices) {
    const { events, documents, keys, clock, onPosition, onTrouble } = services;
    const codec = new EventCodec(eventSchemas, keys);
    this.reports = new ReportService(documents);
    this.host = new ProjectionHost(projections, {
      events,
      store: documents,
      clock,
      open: (events) => codec.openAll(events),
      owner: 'embedded',
      onPosition: (position) => {
        this.wake(position);
        onPosition?.(position);
      },
      onTrouble: ({ error, fatal }) => {
        const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
        if (fatal) this.failure = error instanceof Error ? error.message : message;
        onTrouble?.(message, fatal);
      },
    });
  }

  start(): Promise<void> {
    return this.host.start();
  }

  get position(): string {
    return this.host.position;
  }

  reached(position: string): Promise<void> {
    if (position <= this.position) return Promise.resolve();
    return new Promise((resolve) => this.waiters.push({ position, resolve }));
  }

  status(): Promise<ProjectionStatus[]> {
    return this.host.status();
  }

  rebuild(name: string): Promise<void> {
    return Promise.resolve().then(() => {
      this.host.rebuild(name);
    });
  }

  report(name: string, query: QueryParameters): Promise<object> {
    return this.reports.run(name, query, this.services.clock.now());
  }

  incidentsBehind(name: string, query: QueryParameters): Promise<IdPage> {
    return this.reports.incidents(name, query, this.services.clock.now());
  }

  incidentsAsOf(query: QueryParameters): Promise<IdPage> {
    return this.reports.list(query);
  }

  stop(): Promise<void> {
    return this.host.stop();
  }

  private wake(position: string): void {
    const due = this.waiters.filter((waiter) => waiter.position <= position);
    if (due.length === 0) return;
    this.waiters = this.waiters.filter((waiter) => waiter.position > position);
    for (const { resolve } of due) resolve();
  }
}
