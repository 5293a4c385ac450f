import { type EventStore, startPosition } from '@faultline/event-store';
import { type Clock, conflict, notFound, type RecordedEvent, toInstant } from '@faultline/kernel';
import { type Projection, ProjectionBoard, type ProjectionStatus, type RebuildProgress } from '@faultline/projections';
import { type ReadStore, versionedName } from '@faultline/read-store';
import { PositionWaiters } from './position-waiters';
import { type IdPage, type QueryParameters, type ReadSide, type ReportSide } from './read-side';

export type SharedReadSideServices = {
  readonly events: EventStore;
  readonly documents: ReadStore;
  /** By which the lag of the models is told. */
  readonly clock: Clock;
  /** By which checkpoints are looked at and notes are ordered: the machine's, whatever the time of the business is. */
  readonly timer: Clock;
  readonly reports: ReportSide;
  readonly projections: readonly Projection[];
};

const pollMs = 20;

/**
 * The read side as a process sees it whose models are fed by others: how far they are it reads from their checkpoints, and asks for
 * a rebuild by the board.
 */
export class SharedReadSide implements ReadSide {
  private readonly board: ProjectionBoard;
  private readonly stopping = new AbortController();
  private readonly waiters = new PositionWaiters();
  private polling: Promise<void> | undefined;

  constructor(private readonly services: SharedReadSideServices) {
    this.board = new ProjectionBoard(services.documents);
  }

  get failure(): string | undefined {
    return this.services.reports.failure;
  }

  reached(position: string, signal?: AbortSignal): Promise<void> {
    const reached = this.waiters.reached(position, signal);
    if (this.waiters.waiting) {
      this.polling ??= this.poll().finally(() => {
        this.polling = undefined;
      });
    }
    return reached;
  }

  async status(): Promise<readonly ProjectionStatus[]> {
    const newest = await this.newest();
    return Promise.all(this.services.projections.map(({ name }) => this.statusOf(name, newest)));
  }

  async rebuild(name: string): Promise<void> {
    const { projections, timer } = this.services;
    if (!projections.some((projection) => projection.name === name)) {
      throw notFound('projection.unknown', `There is no projection ${name}`, { name });
    }
    if (await this.board.pending(name)) {
      throw conflict('projection.rebuilding', `Projection ${name} is being rebuilt already`, { name });
    }
    await this.board.request(name, timer.now());
  }

  report(name: string, query: QueryParameters, now: number): Promise<object> {
    return this.services.reports.report(name, query, now);
  }

  incidentsBehind(name: string, query: QueryParameters, now: number): Promise<IdPage> {
    return this.services.reports.incidentsBehind(name, query, now);
  }

  incidentsAsOf(query: QueryParameters): Promise<IdPage> {
    return this.services.reports.incidentsAsOf(query);
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.polling;
    await this.services.reports.stop();
  }

  /** Reads the checkpoints as long as somebody waits for them. A store that is away is asked again: the waiter has its own patience. */
  private async poll(): Promise<void> {
    const { signal } = this.stopping;
    while (this.waiters.waiting && !signal.aborted) {
      await this.look().catch(() => undefined);
      await this.services.timer.wait(pollMs, signal);
    }
  }

  private async look(): Promise<void> {
    const positions = await Promise.all(this.services.projections.map(({ name }) => this.checkpointOf(name)));
    this.waiters.moveTo(positions.reduce((one, other) => (one < other ? one : other)));
  }

  private async checkpointOf(model: string): Promise<string> {
    const { documents } = this.services;
    const version = await documents.liveVersion(model);
    return (await documents.readCheckpoint(versionedName(model, version)))?.position ?? startPosition;
  }

  private async statusOf(name: string, newest: RecordedEvent | undefined): Promise<ProjectionStatus> {
    const reached = await this.checkpointOf(name);
    const version = await this.services.documents.liveVersion(name);
    const entry = await this.board.entry(name);
    const position = reached === startPosition ? null : reached;
    const behind = newest !== undefined && reached < newest.position;
    const lagMs = behind ? Math.max(0, this.services.clock.now() - Date.parse(newest.metadata.recordedAt)) : 0;
    return { name, version, position, lagMs, rebuild: entry?.rebuild ?? (await this.requested(name, version)) };
  }

  /** A rebuild that was asked for and that nobody has begun yet. */
  private async requested(name: string, version: number): Promise<RebuildProgress | null> {
    const request = await this.board.pending(name);
    if (!request) return null;
    return { version: version + 1, startedAt: toInstant(request.at), events: 0, position: null, phase: 'requested' };
  }

  private async newest(): Promise<RecordedEvent | undefined> {
    for await (const event of this.services.events.readAll({ direction: 'backwards', limit: 1 })) return event;
    return undefined;
  }
}
