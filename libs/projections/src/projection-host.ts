import { type Delivery, type EventStore, startPosition } from '@faultline/event-store';
import { type Clock, conflict, notFound, type RecordedEvent, toInstant } from '@faultline/kernel';
import { FencedOff, type ReadStore } from '@faultline/read-store';
import { approachEnd, catchUp } from './catch-up';
import { dropVersions } from './leftovers';
import { type FeedOwner, ModelFeed } from './model-feed';
import { type Projection } from './projection';
import { Pump } from './pump';
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
  /**
   * Given where several processes share the models: told when another one has taken a model over, which this host has then let go.
   * Absent, the host is alone, and a later owner is an error that ends it.
   */
  readonly onTakenOver?: (name: string) => void;
};

const leaseMs = 30_000;
/** How long the replaced version of a model is still fed, so that no query that runs loses its collection. */
const graceMs = 60_000;

/** A model that this host feeds, and what ends everything that is done for it. */
type Held = { readonly projection: Projection; readonly owner: FeedOwner; readonly released: AbortController };

/** The one pump of a process: subscribes to the log and feeds its models, in order; rebuilds beside the live ones. */
export class ProjectionHost {
  private readonly held = new Map<string, Held>();
  private readonly live = new Map<string, ModelFeed>();
  /** New versions that are fed already and about to become live. */
  private readonly joining = new Set<ModelFeed>();
  /** Old versions in their grace. */
  private readonly retiring = new Set<ModelFeed>();
  private readonly rebuilding = new Map<string, RebuildProgress>();
  private readonly stopping = new AbortController();
  private readonly pump: Pump;
  private readonly tasks = new Set<Promise<void>>();
  private applied = startPosition;

  constructor(
    private readonly projections: readonly Projection[],
    private readonly services: ProjectionServices,
  ) {
    const { events, clock, onTrouble } = services;
    const process = (delivery: Delivery) => this.process(delivery);
    this.pump = new Pump({ events, clock, onTrouble, after: () => this.after(), process });
  }

  /** Why the pump stopped by itself, if it did. */
  get failure(): Error | undefined {
    return this.pump.failure;
  }

  /** Feeds every model, alone on this store: drops what interrupted rebuilds left, and starts the pump. */
  async start(): Promise<void> {
    const { store, clock, owner } = this.services;
    const lease = await store.acquireLease('projector', owner, { now: clock.now(), forMs: leaseMs });
    for (const projection of this.projections) {
      const feed = await this.open(projection, { epoch: lease?.epoch ?? 0, owner });
      await dropVersions(projection, store, (version) => version !== feed.version);
      this.live.set(projection.name, feed);
    }
    this.pump.start();
  }

  /** Takes over one model of those that several processes share; resolves once the pump feeds it. Throws FencedOff for an old epoch. */
  async adopt(name: string, epoch: number): Promise<void> {
    const projection = this.known(name);
    const feed = await this.open(projection, { epoch, owner: this.services.owner, awaited: true });
    const signal = this.signalOf(name);
    if (this.pump.isRunning) {
      await approachEnd(feed, this.services, signal);
      await this.pump.inTurn(async () => {
        signal.throwIfAborted();
        await catchUp(feed, this.services, this.applied);
        this.live.set(name, feed);
      });
    } else {
      signal.throwIfAborted();
      this.live.set(name, feed);
      this.pump.start();
    }
    this.launch(this.sweepLater(projection, signal));
  }

  /** Lets a model go once the batch at hand is finished; a rebuild of it ends. */
  async release(name: string): Promise<void> {
    this.held.get(name)?.released.abort(new Error(`${name} was released`));
    await this.pump.inTurn(() => {
      this.forget(name);
      return Promise.resolve();
    });
  }

  /** Finishes the batch at hand, then stops. */
  async stop(): Promise<void> {
    this.stopping.abort();
    for (const { released } of this.held.values()) released.abort(this.stopping.signal.reason);
    this.pump.end();
    await Promise.allSettled([this.pump.ended(), ...this.tasks]);
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

  /** The live version of a model that this host feeds and the progress of its rebuild; undefined where it feeds none of that name. */
  fed(name: string): { readonly version: number; readonly rebuild: RebuildProgress | null } | undefined {
    const feed = this.live.get(name);
    return feed && { version: feed.version, rebuild: this.rebuilding.get(name) ?? null };
  }

  /**
   * Starts a rebuild and returns at once; `status` tells its progress. Throws when one is running, or no such projection exists. The
   * promise it hands to `whenDone` resolves with whether the new version is live.
   */
  rebuild(name: string, whenDone: (succeeded: boolean) => void = () => undefined): void {
    const projection = this.known(name);
    if (this.rebuilding.has(name)) {
      throw conflict('projection.rebuilding', `Projection ${name} is being rebuilt already`, { name });
    }
    // Before the first wait: a second call must find it.
    const version = (this.live.get(name)?.version ?? 0) + 1;
    const startedAt = toInstant(this.services.clock.now());
    this.rebuilding.set(name, { version, startedAt, events: 0, position: null, phase: 'folding' });
    const signal = this.signalOf(name);
    this.launch(
      this.replace(projection, startedAt, whenDone).catch((error: unknown) => {
        if (!signal.aborted) this.services.onTrouble?.({ error, fatal: false });
      }),
    );
  }

  private known(name: string): Projection {
    const projection = this.projections.find((candidate) => candidate.name === name);
    if (!projection) throw notFound('projection.unknown', `There is no projection ${name}`, { name });
    return projection;
  }

  private launch(work: Promise<void>): void {
    const task = work.catch(() => undefined).finally(() => this.tasks.delete(task));
    this.tasks.add(task);
  }

  private signalOf(name: string): AbortSignal {
    return this.held.get(name)?.released.signal ?? this.stopping.signal;
  }

  /** Opens a model at its live version, and makes this host the one that decides about its versions. */
  private async open(projection: Projection, owner: FeedOwner): Promise<ModelFeed> {
    const version = await this.services.store.claimVersions(projection.name, owner.epoch);
    const feed = new ModelFeed(projection, version, this.services.store, owner);
    await feed.open();
    this.held.set(projection.name, { projection, owner, released: new AbortController() });
    return feed;
  }

  private forget(name: string): void {
    this.held.delete(name);
    this.live.delete(name);
    this.rebuilding.delete(name);
    for (const feeds of [this.joining, this.retiring]) {
      for (const feed of feeds) if (feed.projection.name === name) feeds.delete(feed);
    }
    if (this.live.size === 0) this.pump.end();
  }

  private async replace(
    projection: Projection,
    startedAt: string,
    whenDone: (succeeded: boolean) => void,
  ): Promise<void> {
    const signal = this.signalOf(projection.name);
    let old: ModelFeed | undefined;
    let succeeded = false;
    try {
      old = await this.runRebuild(projection, startedAt, signal);
      succeeded = true;
    } finally {
      // The grace of the old version is no part of the rebuild: the next one may begin in it.
      if (!signal.aborted) this.rebuilding.delete(projection.name);
      whenDone(succeeded);
    }
    if (old) await this.retire(old, signal);
  }

  /** Makes the new version and puts it in the place of the live one, which it returns. */
  private async runRebuild(
    projection: Projection,
    startedAt: string,
    signal: AbortSignal,
  ): Promise<ModelFeed | undefined> {
    const { name } = projection;
    const { store, events, open } = this.services;
    const owner = this.held.get(name)?.owner ?? { epoch: 0, owner: this.services.owner };
    const version = await store.reserveVersion(name, owner.epoch);
    const report = (step: Pick<RebuildProgress, 'events' | 'position' | 'phase'>) => {
      if (!signal.aborted) this.rebuilding.set(name, { version, startedAt, ...step });
    };
    const feed = await rebuildModel(projection, version, { events, store, owner, open, report, signal });
    report({ ...this.progress(name), phase: 'joining' });
    try {
      await this.join(feed, signal);
      await store.swapVersion(name, version, owner.epoch);
    } catch (error) {
      this.joining.delete(feed);
      throw error;
    }
    const old = this.live.get(name);
    if (!signal.aborted) this.live.set(name, feed);
    this.joining.delete(feed);
    if (old) this.retiring.add(old);
    return old;
  }

  private progress(name: string): { events: number; position: string | null } {
    const { events, position } = this.rebuilding.get(name) ?? { events: 0, position: null };
    return { events, position };
  }

  /** Brings a feed to where the pump stands, in the pump's own turn, so that no event falls between the two. */
  private join(feed: ModelFeed, signal: AbortSignal): Promise<void> {
    return this.pump.inTurn(async () => {
      signal.throwIfAborted();
      await catchUp(feed, this.services, this.applied);
      this.joining.add(feed);
    });
  }

  private async retire(feed: ModelFeed, signal: AbortSignal): Promise<void> {
    await this.services.clock.wait(graceMs, signal);
    await this.pump.inTurn(async () => {
      this.retiring.delete(feed);
      if (!signal.aborted) await feed.drop();
    });
  }

  /** Old versions never become live again, so that dropping them is safe even where this host has been replaced meanwhile. */
  private async sweepLater(projection: Projection, signal: AbortSignal): Promise<void> {
    await this.services.clock.wait(graceMs, signal);
    await this.pump.inTurn(async () => {
      const live = this.live.get(projection.name);
      if (signal.aborted || !live) return;
      const fed = [...this.retiring].filter((feed) => feed.projection === projection).map(({ version }) => version);
      await dropVersions(
        projection,
        this.services.store,
        (version) => version < live.version && !fed.includes(version),
      );
    });
  }

  private after(): string | undefined {
    const positions = this.feeds()
      .map(({ position }) => position)
      .sort();
    const [least] = positions;
    return least === startPosition ? undefined : least;
  }

  private feeds(): ModelFeed[] {
    // New versions first: whoever saw the checkpoint of the live one may find the next one live already.
    return [...this.joining, ...this.live.values(), ...this.retiring];
  }

  private async newest(): Promise<RecordedEvent | undefined> {
    for await (const event of this.services.events.readAll({ direction: 'backwards', limit: 1 })) return event;
    return undefined;
  }

  private async process({ events, position }: Delivery): Promise<void> {
    const feeds = this.feeds();
    const concerned = events.filter((event) => feeds.some((feed) => feed.concerns(event)));
    const clear = await this.services.open(concerned);
    for (const feed of feeds) await this.feed(feed, clear, position);
    this.applied = position;
    this.services.onPosition?.(position);
  }

  private async feed(feed: ModelFeed, events: readonly RecordedEvent[], upTo: string): Promise<void> {
    try {
      await feed.process(events, upTo);
    } catch (error) {
      if (!(error instanceof FencedOff) || !this.services.onTakenOver) throw error;
      const { name } = feed.projection;
      this.held.get(name)?.released.abort(error);
      this.forget(name);
      this.services.onTakenOver(name);
    }
  }
}
