import { isDuplicateKey } from '@faultline/mongodb-client';
import { type Collection, type Db } from 'mongodb';
import { type Checkpoint, FencedOff, type Lease } from '../read-store.port';
import { registerOf } from './stored';

type StoredCheckpoint = Checkpoint & { readonly _id: string };
type StoredLease = Omit<Lease, 'id'> & { readonly _id: string };

/** Inserts, and answers whether the `_id` was free. */
export async function inserted<Entry extends { _id: string }>(
  collection: Pick<Collection<Entry>, 'insertOne'>,
  entry: Parameters<Collection<Entry>['insertOne']>[0],
): Promise<boolean> {
  try {
    await collection.insertOne(entry);
    return true;
  } catch (error) {
    if (isDuplicateKey(error)) return false;
    throw error;
  }
}

/**
 * Checkpoints and leases, one document each. Every change is either the insert of a document or an update that names what it
 * replaces, never both in one (an upsert): servers disagree on what two racing upserts do.
 */
export class Registers {
  private readonly checkpoints: Collection<StoredCheckpoint>;
  private readonly leases: Collection<StoredLease>;

  constructor(database: Db) {
    this.checkpoints = registerOf(database, 'checkpoints');
    this.leases = registerOf(database, 'leases');
  }

  async checkpoint(projection: string): Promise<Checkpoint | undefined> {
    const stored = await this.checkpoints.findOne({ _id: projection });
    return stored ? { position: stored.position, epoch: stored.epoch, owner: stored.owner } : undefined;
  }

  async writeCheckpoint(projection: string, { position, epoch, owner }: Checkpoint): Promise<void> {
    const next = { position, epoch, owner };
    if (await this.moved(projection, next)) return;
    if (await inserted(this.checkpoints, { _id: projection, ...next })) return;
    // Another one was the first to insert.
    if (await this.moved(projection, next)) return;
    throw new FencedOff(projection, epoch, (await this.checkpoint(projection))?.epoch ?? epoch);
  }

  /** Takes, renews or leaves a lease, as it was found; who changes it in between has it. */
  async acquireLease(id: string, owner: string, times: { now: number; forMs: number }): Promise<Lease | undefined> {
    const expiresAt = times.now + times.forMs;
    const held = await this.leases.findOne({ _id: id });
    if (!held) {
      const first = { owner, epoch: 1, expiresAt };
      return (await inserted(this.leases, { _id: id, ...first })) ? { id, ...first } : undefined;
    }
    const isOwn = held.owner === owner;
    if (!isOwn && held.expiresAt > times.now) return undefined;
    const found = isOwn ? { owner } : { expiresAt: { $lte: times.now } };
    const next = { owner, epoch: isOwn ? held.epoch : held.epoch + 1, expiresAt };
    const claimed = await this.leases.findOneAndUpdate({ _id: id, epoch: held.epoch, ...found }, { $set: next });
    return claimed ? { id, ...next } : undefined;
  }

  /** Keeps the epoch, so that the next owner has a higher one. */
  async releaseLease(id: string, owner: string): Promise<void> {
    await this.leases.updateOne({ _id: id, owner }, { $set: { expiresAt: 0 } });
  }

  async leasesOf(prefix: string): Promise<Lease[]> {
    const found = await this.leases.find({ _id: { $gte: prefix, $lt: `${prefix}\uffff` } }).toArray();
    return found.map(({ _id, owner, epoch, expiresAt }) => ({ id: _id, owner, epoch, expiresAt }));
  }

  private async moved(projection: string, next: Checkpoint): Promise<boolean> {
    const { matchedCount } = await this.checkpoints.updateOne(
      { _id: projection, epoch: { $lte: next.epoch } },
      { $set: next },
    );
    return matchedCount === 1;
  }
}
