import { type Delivery, type EventStore, InvalidPosition, startPosition } from '@faultline/event-store';
import { type Clock, conflict, notFound, type RecordedEvent, toInstant } from '@faultline/kernel';
import { FencedOff, type ReadStore } from '@faultline/read-store';
import { type FeedOwner, ModelFeed } from './model-feed';
import { PoisonEvent } from './poison-event';
import { type Projection } from './projection';
import { rebuildModel, type RebuildProgress } from './rebuild';

/** What one projection is doing. */
export type ProjectionStatus = {
  readonly name: string;
  readonly version: number;
  readonly position: string | null;
  /** Age of the newest event that it has not seen; 0 when it is at the end of the log. */
  readonly lagMs: number;
  readonly rebuild: RebuildProgress | null;
};

/** The dependencies of a host. */
export type ProjectionServices = {
  readonly events: EventStore;
  readonly store: ReadStore;
  readonly clock: Clock;
  /** Turns events of the log into clear text of the current schema version, in their order. */
  readonly open: (events: readonly RecordedEvent[]) => Promise<readonly RecordedEvent[]>;
  readonly owner: string;
  /** Told after each batch how far every live model has come. */
  readonly onPosition?: (position: string) => void;
  /** Told when a store fails and is tried again, and when the pump had to stop for good. */
  readonly onTrouble?: (trouble: { readonly error: unknown; readonly fatal: boolean }) => void;
};

const leaseMs = 30_000;
const backOff = { firstMs: 100, factor: 1.5, maxMs: 5_000 };
/** How long the replaced version of a model is still fed, so that no query that runs loses its collection. */
const graceMs = 60_000;

/** The one pump of a process: subscribes to the log and feeds every projection, in order; rebuilds beside the live models. */
export class ProjectionHost {
  private readonly live = new Map<string, ModelFeed>();
  /** New versions that are fed already and about to become live. */
  private readonly joining = new Set<ModelFeed>();
  /** Old versions in their grace. */
  private readonly retiring = new Set<ModelFeed>();
  private readonly rebuilding = new Map<string, RebuildProgress>();
  private readonly stopping = new AbortController();
  private running: Promise<void> = Promise.resolve();
  private readonly rebuilds = new Set<Promise<void>>();
  private owner: FeedOwner;
  private applied = startPosition;
  /** Why the pump stopped by itself, if it did. */
  failure: unknown;

  constructor(
    private readonly projections: readonly Projection[],
    private readonly services: ProjectionServices,
  ) {
    this.owner = { epoch: 0, owner: services.owner };
  }

  /** Opens every model at its live version, drops what interrupted rebuilds left, and starts the pump. */
  async start(): Promise<void> {
    const { store, clock, owner } = this.services;
    const lease = await store.acquireLease('projector', owner, { now: clock.now(), forMs: leaseMs });
    this.owner = { epoch: lease?.epoch ?? 0, owner };
    for (const projection of this.projections) {
      const version = await store.liveVersion(projection.name);
      for (const other of [version - 1, version + 1]) {
        if (other > 0) await new ModelFeed(projection, other, store, this.owner).drop();
      }
      const feed = new ModelFeed(projection, version, store, this.owner);
      await feed.open();
      this.live.set(projection.name, feed);
    }
    this.running = this.run();
  }

  /** Finishes the batch at hand, then stops. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await Promise.allSettled([this.running, ...this.rebuilds]);
  }

  /** The position that every live model has reached. */
  get position(): string {
    return this.applied;
  }

  async status(): Promise<ProjectionStatus[]> {
    const newest = await this.newest();
    return this.projections.map(({ name }) => {
      const feed = this.live.get(name);
      const position = feed && feed.position !== startPosition ? feed.position : null;
      const behind = newest !== undefined && (position ?? '') < newest.position;
      const lagMs = behind ? Math.max(0, this.services.clock.now() - Date.parse(newest.metadata.recordedAt)) : 0;
      return { name, version: feed?.version ?? 0, position, lagMs, rebuild: this.rebuilding.get(name) ?? null };
    });
  }

  /** Starts a rebuild and returns at once; `status` tells its progress. Throws when one is running, or no such projection exists. */
  rebuild(name: string): void {
    const projection = this.projections.find((candidate) => candidate.name === name);
    if (!projection) throw notFound('projection.unknown', `There is no projection ${name}`, { name });
    if (this.rebuilding.has(name)) {
      throw conflict('projection.rebuilding', `Projection ${name} is being rebuilt already`, { name });
    }
    // Before the first wait: a second call must find it.
    const version = (this.live.get(name)?.version ?? 0) + 1;
    const startedAt = toInstant(this.services.clock.now());
    this.rebuilding.set(name, { version, startedAt, events: 0, position: null, phase: 'folding' });
    const task = this.replace(projection, { version, startedAt })
      .catch((error: unknown) => {
        if (!this.stopping.signal.aborted) this.services.onTrouble?.({ error, fatal: false });
      })
      .finally(() => this.rebuilds.delete(task));
    this.rebuilds.add(task);
  }

  private async replace(projection: Projection, made: Pick<RebuildProgress, 'version' | 'startedAt'>): Promise<void> {
    let old: ModelFeed | undefined;
    try {
      old = await this.runRebuild(projection, made);
    } finally {
      // The grace of the old version is no part of the rebuild: the next one may begin in it.
      this.rebuilding.delete(projection.name);
    }
    if (old) await this.retire(old);
  }

  /** Makes the new version and puts it in the place of the live one, which it returns. */
  private async runRebuild(
    projection: Projection,
    made: Pick<RebuildProgress, 'version' | 'startedAt'>,
  ): Promise<ModelFeed | undefined> {
    const { name } = projection;
    const { store, events, open } = this.services;
    const report = (step: Pick<RebuildProgress, 'events' | 'position' | 'phase'>) =>
      this.rebuilding.set(name, { ...made, ...step });
    const { signal } = this.stopping;
    const context = { events, store, owner: this.owner, open, report, signal };
    const feed = await rebuildModel(projection, made.version, context);
    report({ ...this.progress(name), phase: 'joining' });
    try {
      await this.join(feed);
      await store.swapVersion(name, made.version);
    } catch (error) {
      this.joining.delete(feed);
      throw error;
    }
    const old = this.live.get(name);
    this.live.set(name, feed);
    this.joining.delete(feed);
    if (old) this.retiring.add(old);
    return old;
  }

  private progress(name: string): { events: number; position: string | null } {
    const { events, position } = this.rebuilding.get(name) ?? { events: 0, position: null };
    return { events, position };
  }

  /** Brings a feed to where the pump stands, in the pump's own turn, so that no event falls between the two. */
  private join(feed: ModelFeed): Promise<void> {
    return this.inTurn(async () => {
      this.stopping.signal.throwIfAborted();
      await this.catchUp(feed, this.applied);
      this.joining.add(feed);
    });
  }

  private turn: Promise<void> = Promise.resolve();

  private inTurn(task: () => Promise<void>): Promise<void> {
    const next = this.turn.then(task);
    this.turn = next.catch(() => undefined);
    return next;
  }

  private async catchUp(feed: ModelFeed, target: string): Promise<void> {
    const filter = { streamPrefixes: feed.projection.streamPrefixes };
    const missed: RecordedEvent[] = [];
    const from = feed.position === startPosition ? {} : { from: feed.position };
    for await (const event of this.services.events.readAll({ ...from, filter })) {
      if (event.position > target) break;
      missed.push(event);
    }
    await feed.process(await this.services.open(missed), target);
  }

  private async retire(feed: ModelFeed): Promise<void> {
    await this.services.clock.wait(graceMs, this.stopping.signal);
    await this.inTurn(async () => {
      this.retiring.delete(feed);
      if (!this.stopping.signal.aborted) await feed.drop();
    });
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    let delay = backOff.firstMs;
    while (!signal.aborted) {
      try {
        for await (const delivery of this.services.events.subscribe({ ...this.after(), signal, batchSize: 1_000 })) {
          await this.inTurn(() => this.process(delivery));
          delay = backOff.firstMs;
        }
      } catch (error) {
        const fatal = [InvalidPosition, FencedOff, PoisonEvent].some((kind) => error instanceof kind);
        this.services.onTrouble?.({ error, fatal });
        if (fatal) {
          this.failure = error;
          return;
        }
        await this.services.clock.wait(delay, signal);
        delay = Math.min(delay * backOff.factor, backOff.maxMs);
      }
    }
  }

  private after(): { after?: string } {
    const positions = this.feeds()
      .map(({ position }) => position)
      .sort();
    const [least] = positions;
    return least === undefined || least === startPosition ? {} : { after: least };
  }

  private feeds(): ModelFeed[] {
    return [...this.live.values(), ...this.joining, ...this.retiring];
  }

  private async newest(): Promise<RecordedEvent | undefined> {
    for await (const event of this.services.events.readAll({ direction: 'backwards', limit: 1 })) return event;
    return undefined;
  }

  private async process({ events, position }: Delivery): Promise<void> {
    const feeds = this.feeds();
    const concerned = events.filter((event) => feeds.some((feed) => feed.concerns(event)));
    const clear = await this.services.open(concerned);
    for (const feed of feeds) await feed.process(clear, position);
    this.applied = position;
    this.services.onPosition?.(position);
  }
}
