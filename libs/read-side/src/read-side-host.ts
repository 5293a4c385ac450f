import { EventCodec } from '@faultline/commands';
import { type EventStore } from '@faultline/event-store';
import { type Clock } from '@faultline/kernel';
import { type KeyStore } from '@faultline/key-store';
import { ProjectionHost, type ProjectionStatus } from '@faultline/projections';
import { type ReadStore } from '@faultline/read-store';
import { eventSchemas } from './event-schemas';
import { PositionWaiters } from './position-waiters';
import { projections } from './projections';
import { type ReadSide } from './read-side';
import { ReportHost } from './report-host';

/** What the read side needs; each thread or process opens its own. */
export type ReadSideServices = {
  readonly events: EventStore;
  readonly documents: ReadStore;
  readonly keys: KeyStore;
  readonly clock: Clock;
  readonly onPosition?: (position: string) => void;
  readonly onTrouble?: (message: string, fatal: boolean) => void;
};

/** The read side of a process that is alone, in the thread it is made in: projections, and reports over them. */
export class ReadSideHost extends ReportHost implements ReadSide {
  private readonly host: ProjectionHost;
  private readonly waiters = new PositionWaiters();

  constructor(services: ReadSideServices) {
    const { events, documents, keys, clock, onPosition, onTrouble } = services;
    super(documents);
    const codec = new EventCodec(eventSchemas, keys);
    this.host = new ProjectionHost(projections, {
      events,
      store: documents,
      clock,
      open: (events) => codec.openAll(events),
      owner: 'embedded',
      onPosition: (position) => {
        this.waiters.moveTo(position);
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

  reached(position: string, signal?: AbortSignal): Promise<void> {
    return this.waiters.reached(position, signal);
  }

  status(): Promise<ProjectionStatus[]> {
    return this.host.status();
  }

  rebuild(name: string): Promise<void> {
    return Promise.resolve().then(() => {
      this.host.rebuild(name);
    });
  }

  override stop(): Promise<void> {
    return this.host.stop();
  }
}
