import { type Collection, type Db } from 'mongodb';
import { FencedOff } from '../read-store.port';
import { inserted } from './registers';
import { registerOf } from './stored';

/** Which version of a model is live, which one is being built and by whose epoch, and who may change that. */
type Versions = {
  readonly live: number;
  readonly reserved: number;
  readonly reservedBy: number;
  readonly epoch: number;
};

/** `revision` counts the changes: each names the one that it was made of. */
type StoredVersions = Versions & { readonly _id: string; readonly revision: number };

const first: Versions & { readonly revision: number } = { live: 1, reserved: 0, reservedBy: 0, epoch: 0, revision: 0 };

/** The versions of each read model in one document, so that one write swaps. */
export class VersionRegister {
  private readonly models: Collection<StoredVersions>;

  constructor(database: Db) {
    this.models = registerOf(database, 'versions');
  }

  async live(model: string): Promise<number> {
    return (await this.models.findOne({ _id: model }))?.live ?? first.live;
  }

  async claim(model: string, epoch: number): Promise<number> {
    return (await this.change(model, epoch, (versions) => versions)).live;
  }

  async reserve(model: string, epoch: number): Promise<number> {
    const changed = await this.change(model, epoch, (versions) => {
      const isOwn = versions.reservedBy === epoch && versions.reserved > versions.live;
      const next = Math.max(versions.live, versions.reserved) + 1;
      return isOwn ? versions : { ...versions, reserved: next, reservedBy: epoch };
    });
    return changed.reserved;
  }

  async swap(model: string, live: number, epoch: number): Promise<void> {
    await this.change(model, epoch, (versions) => ({ ...versions, live }));
  }

  /** Changes what it has read, and begins again where another one was faster. */
  private async change(model: string, epoch: number, change: (versions: Versions) => Versions): Promise<Versions> {
    for (;;) {
      const { revision, ...versions } =
        (await this.models.findOne({ _id: model }, { projection: { _id: 0 } })) ?? first;
      if (versions.epoch > epoch) throw new FencedOff(model, epoch, versions.epoch);
      const changed = change({ ...versions, epoch });
      const next = { ...changed, revision: revision + 1 };
      const isDone =
        revision === 0
          ? await inserted(this.models, { _id: model, ...next })
          : (await this.models.findOneAndUpdate({ _id: model, revision }, { $set: next })) !== null;
      if (isDone) return changed;
    }
  }
}
