import { type Lease } from '@faultline/read-store';
import { ProjectionBoard } from './projection-board';
import { type Projection } from './projection';
import { ProjectionHost, type ProjectionServices } from './projection-host';

const leaseMs = 10_000;
const roundMs = 1_000;

/** The place of a process among those that share the models, and the models themselves. */
const slotLease = (slot: number): string => `projector-slot/${slot}`;
const modelLease = (name: string): string => `projection/${name}`;

type Services = Omit<ProjectionServices, 'onTakenOver'>;

/** A model that is this process's for the time being. */
type Holding = {
  readonly epoch: number;
  adopting: boolean;
  /** The request that was carried out and not reported yet. */ answered: string | null;
};

/**
 * The part that one of several processes has in feeding the models. Each process holds a slot; the slots that are held divide the
 * models among them, a model being fed by whoever has its lease. A process that dies or freezes loses both when they expire; what it
 * still writes when it wakes up is refused by epochs and positions.
 */
export class SharedProjections {
  readonly host: ProjectionHost;
  private readonly board: ProjectionBoard;
  private readonly holdings = new Map<string, Holding>();
  private readonly stopping = new AbortController();
  private slot: number | undefined;
  private running: Promise<void> = Promise.resolve();

  constructor(
    private readonly projections: readonly Projection[],
    private readonly services: Services,
  ) {
    this.board = new ProjectionBoard(services.store);
    this.host = new ProjectionHost(projections, {
      ...services,
      onTakenOver: (name) => this.holdings.delete(name),
    });
  }

  /** Begins to take part; returns at once. */
  start(): void {
    this.running = this.run();
  }

  /** Finishes the batch at hand and leaves everything to the others. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
    await this.host.stop();
    const { store, owner } = this.services;
    const leases = [...this.holdings.keys()].map(modelLease);
    if (this.slot !== undefined) leases.push(slotLease(this.slot));
    // A store that is away lets them expire.
    await Promise.allSettled(leases.map((lease) => store.releaseLease(lease, owner)));
  }

  /** The models that this process feeds. */
  get models(): readonly string[] {
    return [...this.holdings].filter(([, { adopting }]) => !adopting).map(([name]) => name);
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    for (let isOpen = false; !signal.aborted;) {
      try {
        if (!isOpen) await this.board.open();
        isOpen = true;
        await this.round();
      } catch (error) {
        this.services.onTrouble?.({ error, fatal: false });
      }
      await this.services.clock.wait(roundMs, signal);
    }
  }

  private async round(): Promise<void> {
    this.slot = await this.holdSlot();
    const mine = await this.assigned();
    for (const { name } of this.projections) {
      if (mine.has(name)) await this.hold(name);
      else if (this.holdings.has(name)) await this.letGo(name);
    }
    for (const [name, holding] of this.holdings) if (!holding.adopting) await this.attend(name, holding);
  }

  /** The slot this process had, else the first one that is free; undefined where all are held. */
  private async holdSlot(): Promise<number | undefined> {
    const slots = this.projections.map((_, slot) => slot);
    const order = this.slot === undefined ? slots : [this.slot, ...slots];
    for (const slot of order) if (await this.lease(slotLease(slot))) return slot;
    return undefined;
  }

  private async assigned(): Promise<ReadonlySet<string>> {
    const now = this.services.clock.now();
    const held = (await this.services.store.leases(slotLease(0).slice(0, -1)))
      .filter(({ expiresAt }) => expiresAt > now)
      .map(({ id }) => id)
      .sort();
    const place = this.slot === undefined ? -1 : held.indexOf(slotLease(this.slot));
    const mine = this.projections.filter((_, index) => held.length > 0 && index % held.length === place);
    return new Set(mine.map(({ name }) => name));
  }

  private lease(id: string): Promise<Lease | undefined> {
    const { store, owner, clock } = this.services;
    return store.acquireLease(id, owner, { now: clock.now(), forMs: leaseMs });
  }

  private async hold(name: string): Promise<void> {
    const lease = await this.lease(modelLease(name));
    const holding = this.holdings.get(name);
    if (holding && holding.epoch === lease?.epoch) return;
    if (holding) await this.drop(name);
    if (lease) this.adopt(name, lease.epoch);
  }

  /** In the background: a model that is far behind must not keep this process from renewing its leases. */
  private adopt(name: string, epoch: number): void {
    const holding: Holding = { epoch, answered: null, adopting: true };
    this.holdings.set(name, holding);
    const adopted = async () => {
      await this.host.adopt(name, epoch);
      holding.adopting = false;
      // It may have been let go before the host knew of it.
      if (this.holdings.get(name) !== holding) await this.host.release(name);
    };
    adopted().catch((error: unknown) => {
      // Who let it go meanwhile knows.
      if (this.holdings.get(name) !== holding) return;
      this.holdings.delete(name);
      if (!this.stopping.signal.aborted) this.services.onTrouble?.({ error, fatal: false });
    });
  }

  private async letGo(name: string): Promise<void> {
    await this.drop(name);
    await this.services.store.releaseLease(modelLease(name), this.services.owner);
  }

  private async drop(name: string): Promise<void> {
    this.holdings.delete(name);
    await this.host.release(name);
  }

  /** Starts a rebuild that was asked for, and tells the others how things stand. */
  private async attend(name: string, holding: Holding): Promise<void> {
    const fed = this.host.fed(name);
    if (!fed) return;
    const now = this.services.clock.now();
    if (holding.answered !== null) await this.board.answer(name, holding.answered);
    holding.answered = null;
    const stamp = fed.rebuild ? undefined : (await this.board.pending(name))?.stamp;
    if (stamp !== undefined) {
      this.host.rebuild(name, () => {
        holding.answered = stamp;
      });
    }
    const failure = this.host.failure?.message ?? null;
    const { version, rebuild } = this.host.fed(name) ?? fed;
    await this.board.tell(name, { version, rebuild, failure }, now);
  }
}
