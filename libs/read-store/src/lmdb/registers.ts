import { type Checkpoint, FencedOff, type Lease } from '../read-store.port';
import { afterPrefix } from './bounds';
import { type Catalog } from './catalog';
import { indexPrefix } from './entry-keys';
import { type Environment, inTransaction } from './environment';

/** Which version of a model is live, which one is being built and by whose epoch, and who may change that. */
type Versions = {
  readonly live: number;
  readonly reserved: number;
  readonly reservedBy: number;
  readonly epoch: number;
};

const firstVersions: Versions = { live: 1, reserved: 0, reservedBy: 0, epoch: 0 };

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

  leases(prefix: string): Lease[] {
    return [...this.env.registers.getRange({ start: ['lease', prefix], end: ['lease', `${prefix}\uffff`] })].map(
      ({ value }) => value as Lease,
    );
  }

  liveVersion(model: string): number {
    return this.versions(model).live;
  }

  claimVersions(model: string, epoch: number): Promise<number> {
    return this.changeVersions(model, epoch, (versions) => [versions, versions.live]);
  }

  reserveVersion(model: string, epoch: number): Promise<number> {
    return this.changeVersions(model, epoch, (versions) => {
      const own = versions.reservedBy === epoch && versions.reserved > versions.live;
      const reserved = own ? versions.reserved : Math.max(versions.live, versions.reserved) + 1;
      return [{ ...versions, reserved, reservedBy: epoch }, reserved];
    });
  }

  swapVersion(model: string, version: number, epoch: number): Promise<void> {
    return this.changeVersions(model, epoch, (versions) => [{ ...versions, live: version }, undefined]);
  }

  private async changeVersions<Result>(
    model: string,
    epoch: number,
    change: (versions: Versions) => [Versions, Result],
  ): Promise<Result> {
    const [current, result] = await inTransaction(this.env, (): [number, Result | undefined] => {
      const versions = this.versions(model);
      if (versions.epoch > epoch) return [versions.epoch, undefined];
      const [changed, answer] = change({ ...versions, epoch });
      this.env.registers.putSync(['versions', model], changed);
      return [epoch, answer];
    });
    if (current !== epoch) throw new FencedOff(model, epoch, current);
    return result as Result;
  }

  private versions(model: string): Versions {
    return (this.env.registers.get(['versions', model]) as Versions | undefined) ?? firstVersions;
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
