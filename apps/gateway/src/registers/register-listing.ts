import { notFound } from '@faultline/kernel';
import { badCursor, decodeCursor, encodeCursor, type QueryReader } from '../http/query';
import { type Page } from '../incidents/incident-queries';

/** Query parameters of every list of a register. */
export const listingParameters = ['limit', 'cursor', 'q', 'format'] as const;

/** A page of registered things, in the order of their keys; `q` looks into what `text` answers of each. */
export function listingPage<Item>(
  items: readonly Item[],
  query: QueryReader,
  { key, text }: { key: (item: Item) => string; text: (item: Item) => string },
): Page<Item> {
  const limit = query.limit();
  const after = decodeCursor(query.one('cursor'));
  if (after !== undefined && typeof after !== 'string') throw badCursor();
  const wanted = query.one('q')?.toLocaleLowerCase('en');
  const rest = items.filter(
    (item) =>
      (after === undefined || key(item) > after) &&
      (wanted === undefined || text(item).toLocaleLowerCase('en').includes(wanted)),
  );
  const page = rest.slice(0, limit);
  const last = page.at(-1);
  return { items: page, nextCursor: rest.length > limit && last !== undefined ? encodeCursor(key(last)) : null };
}

/** The registered thing, or `<kind>.not-found`. */
export function required<Item>(item: Item | undefined, kind: string, key: string): Item {
  if (item !== undefined) return item;
  throw notFound(`${kind}.not-found`, `There is no ${kind} ${key}`, { [kind]: key });
}
