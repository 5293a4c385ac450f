import { type ReadDocument, type WriteOperation } from '../read-store.port';
import { type Catalog, IndexNotes, noValue } from './catalog';
import { documentKey, entryKeys, indexPrefix, type KeyMaker, keyMaker, keyTail } from './entry-keys';
import { type Environment, inTransaction } from './environment';

type Batch = { readonly prefix: Buffer; readonly makers: readonly KeyMaker[]; readonly notes: IndexNotes };

const idOf = (operation: WriteOperation): string => (operation.kind === 'put' ? operation.document._id : operation.id);

/** Guarded writes: documents, their index entries and tombstones change together. */
export class GuardedWriter {
  constructor(
    private readonly env: Environment,
    private readonly catalog: Catalog,
  ) {}

  /** Carries out a batch in one transaction. */
  async write(name: string, operations: readonly WriteOperation[]): Promise<void> {
    if (operations.length === 0) return;
    const tails = operations.map((operation) => keyTail(idOf(operation)));
    await inTransaction(this.env, () => {
      const collection = this.catalog.require(name);
      const notes = new IndexNotes(collection);
      const makers = collection.indexes.map((index) => keyMaker(collection.no, index));
      const batch = { prefix: indexPrefix(collection.no, 0), makers, notes };
      operations.forEach((operation, index) => {
        this.apply(batch, operation, tails[index] ?? keyTail(idOf(operation)));
      });
      if (notes.changed) this.catalog.replace(name, notes.changed);
    });
  }

  private apply(batch: Batch, operation: WriteOperation, tail: Buffer): void {
    const { documents, tombstones } = this.env;
    const key = documentKey(batch.prefix, tail);
    const existing = documents.get(key);
    const position = operation.kind === 'put' ? operation.document.position : operation.position;
    if (existing && existing.position >= position) return;
    const buried = existing ? undefined : tombstones.get(key);
    if (buried !== undefined && buried >= position) return;
    if (operation.kind === 'put') {
      this.index(batch, tail, existing, operation.document);
      documents.putSync(key, operation.document);
      if (buried !== undefined) tombstones.removeSync(key);
    } else {
      this.index(batch, tail, existing, undefined);
      if (existing) documents.removeSync(key);
      tombstones.putSync(key, position);
    }
  }

  private index(batch: Batch, tail: Buffer, before: ReadDocument | undefined, after: ReadDocument | undefined): void {
    const { entries } = this.env;
    for (const maker of batch.makers) {
      const old = before ? entryKeys(maker, before, tail).keys : [];
      const current = after ? entryKeys(maker, after, tail) : undefined;
      if (current) batch.notes.add(maker.index, current);
      const keys = current?.keys ?? [];
      for (const key of old) if (!keys.some((other) => other.equals(key))) entries.removeSync(key);
      for (const key of keys) if (!old.some((other) => other.equals(key))) entries.putSync(key, noValue);
    }
  }
}
