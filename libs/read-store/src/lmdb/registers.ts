import { type Checkpoint, FencedOff, type Lease } from '../read-store.port';
import { afterPrefix } from './bounds';
import { type Catalog } from './catalog';
import { indexPrefix } from './entry-keys';
import { type Environment, inTransaction } from './environment';

/** Checkpoints, leases and the versions that are live. */
export class Registers {
  constructor(
    private readonly env: Environment,
    private readonly catalog: Catalog,
  ) {}

  checkpoint(projection: string): Checkpoint | undefined {
    return this.env.registers.get(['checkpoint', projection]) as Checkpoint | undefined;
  }

  async writeCheckpoint(projection: string, checkpoint: Checkpoint, collections: readonly string[]): Promise<void> {
    const { position, epoch, owner } = checkpoint;
    const current = await inTransaction(this.env, () => {
      const stored = this.checkpoint(projection);
      if (stored && stored.epoch > epoch) return stored.epoch;
      this.env.registers.putSync(['checkpoint', projection], { position, epoch, owner });
      for (const name of collections) this.removeTombstones(name, position);
      return epoch;
    });
    if (current !== epoch) throw new FencedOff(projection, epoch, current);
  }

  async acquireLease(id: string, owner: string, times: { now: number; forMs: number }): Promise<Lease | undefined> {
    return inTransaction(this.env, () => {
      const held = this.lease(id);
      if (held && held.owner !== owner && held.expiresAt > times.now) return undefined;
      const epoch = held?.owner === owner ? held.epoch : (held?.epoch ?? 0) + 1;
      const lease: Lease = { id, owner, epoch, expiresAt: times.now + times.forMs };
      this.env.registers.putSync(['lease', id], lease);
      return lease;
    });
  }

  /** Keeps the epoch, so that the next owner has a higher one. */
  async releaseLease(id: string, owner: string): Promise<void> {
    await inTransaction(this.env, () => {
      const held = this.lease(id);
      if (held?.owner === owner) this.env.registers.putSync(['lease', id], { ...held, expiresAt: 0 });
    });
  }

  liveVersion(model: string): number {
    return (this.env.registers.get(['live', model]) as number | undefined) ?? 1;
  }

  async swapVersion(model: string, version: number): Promise<void> {
    await inTransaction(this.env, () => {
      this.env.registers.putSync(['live', model], version);
    });
  }

  private lease(id: string): Lease | undefined {
    return this.env.registers.get(['lease', id]) as Lease | undefined;
  }

  private removeTombstones(name: string, position: string): void {
    const collection = this.catalog.read(name);
    if (!collection) return;
    const prefix = indexPrefix(collection.no, 0);
    const passed = [...this.env.tombstones.getRange({ start: prefix, end: afterPrefix(prefix) })].filter(
      ({ value }) => value <= position,
    );
    for (const { key } of passed) this.env.tombstones.removeSync(key);
  }
}
