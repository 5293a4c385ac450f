/** A document of a read model: a string `_id`, and the position of the last event that changed it. */
export type ReadDocument = { readonly _id: string; readonly position: string };

/** A filter in MongoDB's query language, limited to what the port promises: equality, `$gt(e)/$lt(e)`, `$ne`, `$in`, `$nin`, `$or`, `$and`, `$exists`, dotted paths, array membership, `$regex` (an escaped text, optionally anchored, with `$options: 'i'`). */
export type Filter = Readonly<Record<string, unknown>>;

/** Fields in order, 1 ascending, -1 descending; `_id` is added last by the adapter where it is missing. */
export type Sort = readonly (readonly [path: string, direction: 1 | -1])[];

/** The sort as every adapter carries it out: up to `_id`, which is added, ascending, where it is missing. */
export function completeSort(sort: Sort = []): Sort {
  const end = sort.findIndex(([path]) => path === '_id');
  return end < 0 ? [...sort, ['_id', 1]] : sort.slice(0, end + 1);
}

export type FindOptions = {
  readonly filter?: Filter;
  /** By `_id` where absent. */
  readonly sort?: Sort;
  readonly limit?: number;
  /** Keyset paging: the values of the sort fields and the `_id` of the last document seen; what follows it is returned. */
  readonly after?: readonly unknown[];
  /** Paths to leave out of the documents returned. */
  readonly without?: readonly string[];
};

export type GroupOptions = {
  readonly filter?: Filter;
  readonly by: readonly string[];
  /** Result name → path to sum, or 1 to count. */
  readonly sums: Readonly<Record<string, string | 1>>;
};

export type Group = {
  readonly key: Readonly<Record<string, unknown>>;
  readonly sums: Readonly<Record<string, number>>;
};

/** An index on fields in order: equality fields first, then those of the sort. */
export type IndexSpec = Sort;

/** A collection and its indexes, declared beside the projection that fills it. */
export type CollectionSpec = { readonly name: string; readonly indexes: readonly IndexSpec[] };

/** A guarded write. A document at or beyond `position` is left alone. A delete leaves a tombstone until the checkpoint passes it. */
export type WriteOperation =
  | { readonly kind: 'put'; readonly document: ReadDocument }
  | { readonly kind: 'delete'; readonly id: string; readonly position: string };

/** How far a projection has come; `epoch` fences off an owner that was replaced. */
export type Checkpoint = { readonly position: string; readonly epoch: number; readonly owner: string };

export type Lease = { readonly id: string; readonly owner: string; readonly epoch: number; readonly expiresAt: number };

/**
 * Documents of read models. What it promises is `test/contracts/read-store.contract.ts`, written from MongoDB's semantics, which
 * every adapter passes. Throws StoreUnavailable when the store is away.
 */
export interface ReadStore {
  /** Creates the collection and its indexes where missing. */
  ensureCollection(spec: CollectionSpec): Promise<void>;
  dropCollection(name: string): Promise<void>;
  /** The names of all collections, in no particular order. */
  collectionNames(): Promise<readonly string[]>;
  get<Doc extends ReadDocument>(collection: string, id: string): Promise<Doc | undefined>;
  /** Those that exist, in no particular order. */
  getMany<Doc extends ReadDocument>(collection: string, ids: readonly string[]): Promise<Doc[]>;
  find<Doc extends ReadDocument>(collection: string, options?: FindOptions): Promise<Doc[]>;
  count(collection: string, filter?: Filter): Promise<number>;
  group(collection: string, options: GroupOptions): Promise<Group[]>;
  /** Carries out a batch of guarded writes; one per document at most. Not atomic over documents. */
  write(collection: string, operations: readonly WriteOperation[]): Promise<void>;
  readCheckpoint(projection: string): Promise<Checkpoint | undefined>;
  /** Refused with FencedOff for a lower epoch than the one stored. Tombstones at or before it in `collections` may be removed. */
  writeCheckpoint(projection: string, checkpoint: Checkpoint, collections?: readonly string[]): Promise<void>;
  /** Takes the lease if it is free, expired at `now` or already the owner's; the epoch rises with each change of owner. */
  acquireLease(
    id: string,
    owner: string,
    times: { readonly now: number; readonly forMs: number },
  ): Promise<Lease | undefined>;
  releaseLease(id: string, owner: string): Promise<void>;
  /** Every lease whose id begins with `prefix`, expired and released ones included, in no particular order. */
  leases(prefix: string): Promise<readonly Lease[]>;
  /** The version of a read model that is live: 1 before the first swap. */
  liveVersion(model: string): Promise<number>;
  /**
   * From now on the versions of the model are in the hands of an owner of this epoch or a later one: the calls of earlier ones are
   * refused with FencedOff, as this one is where a later one came before. Answers the live version.
   */
  claimVersions(model: string, epoch: number): Promise<number>;
  /**
   * The number of a version to build, above the live one. The same epoch gets the same number until that version is live; no two
   * epochs ever get the same, so that a replaced owner that wakes up spoils nothing. Refused with FencedOff for an earlier epoch.
   */
  reserveVersion(model: string, epoch: number): Promise<number>;
  /** Makes another version live for every process, by one write. Refused with FencedOff for an earlier epoch. */
  swapVersion(model: string, version: number, epoch: number): Promise<void>;
  close(): Promise<void>;
}

/** The physical collection of one version of a read model. */
export const versionedName = (model: string, version: number): string => `${model}@${version}`;

/** A checkpoint or lease was written by an owner of a later epoch: this one must stop. */
export class FencedOff extends Error {
  override readonly name = 'FencedOff';

  constructor(
    readonly projection: string,
    readonly epoch: number,
    readonly current: number,
  ) {
    super(`Projection ${projection} is owned by epoch ${current}; epoch ${epoch} has been replaced`);
  }
}
