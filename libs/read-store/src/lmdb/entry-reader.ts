import { type Transaction } from 'lmdb';
import { type ReadDocument } from '../read-store.port';
import { afterPrefix } from './bounds';
import { documentKey, indexPrefix } from './entry-keys';
import { type Environment } from './environment';
import { type Interval } from './index-plan';
import { type StoredCollection, type StoredIndex } from './stored-collection';

/** One collection as it was at one moment, whatever is written meanwhile. To be closed. */
export class EntryReader {
  private readonly prefix: Buffer;
  private readonly transaction: Transaction;

  constructor(
    private readonly env: Environment,
    readonly collection: StoredCollection,
  ) {
    this.prefix = indexPrefix(collection.no, 0);
    this.transaction = env.root.useReadTransaction();
  }

  close(): void {
    this.transaction.done();
  }

  /** The keys of an interval, in ascending or descending order. */
  keys(index: StoredIndex, { start, end }: Interval, reverse = false): Iterable<Buffer> {
    const { transaction } = this;
    const range = reverse ? { start: end, end: start, reverse, transaction } : { start, end, transaction };
    return index.no === 0 ? this.env.documents.getKeys(range) : this.env.entries.getKeys(range);
  }

  /** How many keys an interval has; a thirtieth of the cost of reading them. */
  count(index: StoredIndex, { start, end }: Interval): number {
    const range = { start, end, transaction: this.transaction };
    return index.no === 0 ? this.env.documents.getKeysCount(range) : this.env.entries.getKeysCount(range);
  }

  /** The document whose key has this tail. */
  document(tail: Uint8Array): ReadDocument | undefined {
    return this.env.documents.get(documentKey(this.prefix, tail), { transaction: this.transaction });
  }

  /** Every document, by ascending id. */
  *documents(): Iterable<ReadDocument> {
    const range = { start: this.prefix, end: afterPrefix(this.prefix), transaction: this.transaction };
    for (const { value } of this.env.documents.getRange(range)) yield value;
  }
}

const sliceMs = 8;

/** Lets the event loop breathe in a long scan: `due` is asked often, `take` waits for one turn of the loop. */
export class Pause {
  private since = performance.now();
  private asked = 0;

  due(): boolean {
    this.asked += 1;
    return this.asked % 64 === 0 && performance.now() - this.since > sliceMs;
  }

  async take(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve));
    this.since = performance.now();
  }
}
