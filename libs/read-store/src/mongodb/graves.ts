import { type Db } from 'mongodb';
import { type WriteOperation } from '../read-store.port';
import { collectionOf, tombstoneMark } from './stored';

/** Which collections may have tombstones, so that a checkpoint need not ask the server about those that have none. */
export class Graves {
  // The latest position at which this process has buried something; '' once every tombstone that it knows of was removed.
  private readonly latest = new Map<string, string>();

  constructor(private readonly database: Db) {}

  noteDeletes(name: string, operations: readonly WriteOperation[]): void {
    const positions = operations.flatMap((one) => (one.kind === 'delete' ? [one.position] : []));
    if (positions.length === 0) return;
    const latest = positions.reduce((a, b) => (a > b ? a : b), this.latest.get(name) ?? '');
    this.latest.set(name, latest);
  }

  /** Removes the tombstones at or before a position. Of a collection that this process is new to it does not know: it looks. */
  async clear(name: string, position: string): Promise<void> {
    const latest = this.latest.get(name);
    if (latest === '') return;
    await collectionOf(this.database, name).deleteMany({ [tombstoneMark]: { $lte: position } });
    if (this.latest.get(name) === latest && (latest ?? '') <= position) this.latest.set(name, '');
  }

  forget(name: string): void {
    this.latest.delete(name);
  }
}
