import { invalid } from '@faultline/kernel';
import { type IndexSpec, type Sort } from '../read-store.port';
import { encodeValue, KeyWriter } from './key-bytes';
import { keyValuesAt, parsePath, type Path } from './paths';
import { type StoredIndex } from './stored-collection';

// LMDB's keys end at 1,978 bytes: collection and index take 5, the id and its length what `idLimit` leaves, the fields the rest.
const idLimit = 512;
const fieldsLimit = 1400;

const writer = new KeyWriter();

/** The bytes that keys of an index begin with; index 0 is the documents' own. */
export const indexPrefix = (collection: number, index: number): Buffer =>
  writer.reset().uint32(collection).byte(index).take();

/** What every key ends with: the id, then its length, by which it is found again. */
export function keyTail(id: string): Buffer {
  const bytes = encodeValue(id);
  if (bytes.length > idLimit)
    throw invalid('read-store.id-too-long', `An _id has at most ${idLimit} bytes: ${id}`, { id });
  return writer.reset().bytes(bytes).uint16(bytes.length).take();
}

/** Where the tail of a key begins. */
export const tailStart = (key: Buffer): number => key.length - 2 - key.readUInt16BE(key.length - 2);

/** The key of a document, from a prefix of index 0 and a tail. */
export const documentKey = (prefix: Buffer, tail: Uint8Array): Buffer => Buffer.concat([prefix, tail]);

/** How many bytes of a value an index on so many fields keeps. */
export const componentLimit = (fields: IndexSpec): number => Math.floor(fieldsLimit / Math.max(1, fields.length));

/** An index with its paths taken apart, ready to make keys of documents. */
export type KeyMaker = {
  readonly index: StoredIndex;
  readonly prefix: Buffer;
  readonly paths: readonly Path[];
};

/** A {@link KeyMaker} of a stored index. */
export const keyMaker = (collection: number, index: StoredIndex): KeyMaker => ({
  index,
  prefix: indexPrefix(collection, index.no),
  paths: index.fields.map(([path]) => parsePath(path)),
});

/** The entries of one document in one index, and what they say about the index. */
export type EntryKeys = { readonly keys: readonly Buffer[]; readonly arrays: readonly string[]; readonly cut: boolean };

const noPaths: readonly string[] = [];

/** The keys under which a document is found: one, or one for each combination of its arrays' elements. */
export function entryKeys({ index, prefix, paths }: KeyMaker, document: object, tail: Buffer): EntryKeys {
  const limit = componentLimit(index.fields);
  const found = paths.map((path) => keyValuesAt(document, path));
  let arrays = noPaths;
  if (found.some(({ throughArray }) => throughArray)) {
    arrays = index.fields.flatMap(([path], field) => (found[field]?.throughArray ? [path] : []));
  }
  let cut = false;
  const keys = combinations(found.map(({ values }) => values)).map((values) => {
    writer.reset().bytes(prefix);
    for (let field = 0; field < values.length; field += 1) {
      const start = writer.position;
      writer.value(values[field]);
      if (writer.cut(start, limit)) cut = true;
      if (index.fields[field]?.[1] === -1) writer.invert(start);
    }
    return writer.bytes(tail).take();
  });
  return { keys: keys.length > 1 ? distinct(keys) : keys, arrays, cut };
}

function combinations(lists: readonly (readonly unknown[])[]): (readonly unknown[])[] {
  if (lists.every(({ length }) => length === 1)) return [lists.map(([only]) => only)];
  return lists.reduce<unknown[][]>(
    (heads, list) => heads.flatMap((head) => list.map((value) => [...head, value])),
    [[]],
  );
}

const distinct = (keys: readonly Buffer[]): Buffer[] => [
  ...new Map(keys.map((key) => [key.toString('latin1'), key])).values(),
];

/** Makes the bytes by which documents sort: an array counts by its least element, or its greatest where the order descends. */
export function sortKeyMaker(sort: Sort): (document: object) => Buffer {
  const fields = sort.map(([path, direction]) => ({ path: parsePath(path), direction }));
  return (document) => {
    const parts = fields.map(({ path, direction }) => sortComponent(keyValuesAt(document, path).values, direction));
    return parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts);
  };
}

/** The bytes of one sort field: the least of its values in the given direction. */
export function sortComponent(values: readonly unknown[], direction: 1 | -1): Buffer {
  let least: Buffer | undefined;
  for (const value of values) {
    const bytes = writer.reset().value(value);
    const component = (direction === -1 ? bytes.invert(0) : bytes).take();
    if (!least || Buffer.compare(component, least) < 0) least = component;
  }
  return least ?? Buffer.alloc(0);
}
