import { type CollectionSpec, type IndexSpec } from '../read-store.port';

/** An index as the store keeps it. What it says about its entries is written with the first entry of which it is true. */
export type StoredIndex = {
  readonly no: number;
  /** Without a final `_id`, which every entry ends with. */
  readonly fields: IndexSpec;
  /** Paths on which an array was met: its elements have entries of their own. */
  readonly arrays: readonly string[];
  /** Whether a value was too long for a key: order and bounds are then only roughly right. */
  readonly cut: boolean;
  /** Whether documents that were there before the index still lack entries. */
  readonly building: boolean;
};

/** A collection as the store keeps it; `no` stands for it in keys and is never given twice. */
export type StoredCollection = {
  readonly no: number;
  readonly nextIndex: number;
  readonly indexes: readonly StoredIndex[];
};

/** The primary key as an index: its entries are the documents themselves. */
export const primaryIndex: StoredIndex = { no: 0, fields: [], arrays: [], cut: false, building: false };

/** The fields that an index has to store: everything up to `_id`. */
export function indexFields(index: IndexSpec): IndexSpec {
  const end = index.findIndex(([path]) => path === '_id');
  return end < 0 ? index : index.slice(0, end);
}

/** Whether two indexes have the same entries. */
export const sameFields = (a: IndexSpec, b: IndexSpec): boolean => JSON.stringify(a) === JSON.stringify(b);

/** A collection as it would be stored when new, for plans without a store. */
export const newCollection = (no: number, spec: CollectionSpec): StoredCollection => {
  const indexes: StoredIndex[] = [];
  for (const fields of spec.indexes.map(indexFields)) {
    if (fields.length === 0 || indexes.some((other) => sameFields(other.fields, fields))) continue;
    indexes.push({ no: indexes.length + 1, fields, arrays: [], cut: false, building: false });
  }
  return { no, nextIndex: indexes.length + 1, indexes };
};
