import { type Collection, type Document } from 'mongodb';
import { completeSort, type FindOptions, type Group, type GroupOptions } from '../read-store.port';
import { mongoFilter } from './filter';
import { GroupMerger } from './group-merger';
import { followers } from './keyset';
import { type Stored } from './stored';

/** The documents of a listing, in order. */
export async function find(collection: Collection<Stored>, options: FindOptions): Promise<Stored[]> {
  const { filter, limit, after, without = [] } = options;
  const sort = completeSort(options.sort);
  const wanted = mongoFilter(filter, ...(after ? [followers(sort, after)] : []));
  if (limit !== undefined && limit <= 0) return [];
  const cursor = collection.find(wanted).sort(new Map(sort)).allowDiskUse();
  if (limit !== undefined) cursor.limit(limit);
  if (without.length > 0) cursor.project<Stored>(exclusion(without));
  return cursor.toArray();
}

/** MongoDB takes no path beside one that it lies within. */
function exclusion(paths: readonly string[]): Document {
  const outermost = paths.filter((path) => !paths.some((other) => path.startsWith(`${other}.`)));
  return Object.fromEntries(outermost.map((path) => [path, 0]));
}

export async function count(collection: Collection<Stored>, filter: FindOptions['filter']): Promise<number> {
  return collection.countDocuments(mongoFilter(filter));
}

/** Groups by `$group`, under names of our own, since paths have dots. */
export async function group(collection: Collection<Stored>, { filter, by, sums }: GroupOptions): Promise<Group[]> {
  const key = Object.fromEntries(by.map((path, index) => [`k${index}`, `$${path}`]));
  const totals = Object.values(sums).map(
    (path, index) => [`s${index}`, { $sum: path === 1 ? 1 : `$${path}` }] as const,
  );
  const pipeline = [{ $match: mongoFilter(filter) }, { $group: { _id: key, ...Object.fromEntries(totals) } }];
  const merger = new GroupMerger(by, Object.keys(sums));
  for await (const found of collection.aggregate(pipeline, { allowDiskUse: true })) merger.add(found);
  return merger.groups();
}
