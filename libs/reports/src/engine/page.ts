import { refused } from '../query-reader';
import { selectNth } from './quickselect';
import { type Selection } from './selection';
import { type TimelineTable } from './timeline-table';

/** One page of incidents by time of logging, then id; `descending` turns both round. */
export type PageOptions = { readonly limit: number; readonly after?: Place | undefined; readonly descending?: boolean };

/** Ids of incidents; `nextCursor` is null at the end. */
export type IncidentPage = { readonly ids: readonly string[]; readonly nextCursor: string | null };

/** Where a page ended. */
export type Place = readonly [loggedAt: number, id: string];

/** The page of a selection that follows the cursor; it stays where it is when incidents are added. */
export function pageOf(table: TimelineTable, selection: Selection, options: PageOptions): IncidentPage {
  const { limit, after, descending = false } = options;
  const sign = descending ? -1 : 1;
  const compare = ([time, id]: Place, [otherTime, otherId]: Place) =>
    sign * (time === otherTime ? (id < otherId ? -1 : id > otherId ? 1 : 0) : time - otherTime);
  const places = earliest(table, selection, { limit, sign, after })
    .filter((place) => !after || compare(place, after) > 0)
    .sort(compare);
  const page = places.slice(0, limit);
  const last = page.at(-1);
  return { ids: page.map(([, id]) => id), nextCursor: last && places.length > limit ? cursorOf(last) : null };
}

type Start = { readonly limit: number; readonly sign: 1 | -1; readonly after: Place | undefined };

/** A few places, all of those among them that can stand on the page or decide whether there is another. */
function earliest(table: TimelineTable, { incidents, size }: Selection, { limit, sign, after }: Start): Place[] {
  const { times, first, ids } = table;
  const signed = new Float64Array(size);
  let later = 0;
  let level = 0;
  const start = after ? sign * after[0] : -Infinity;
  for (let index = 0; index < size; index += 1) {
    const time = sign * (times[first[incidents[index] as number] as number] as number);
    if (time > start) {
      signed[later] = time;
      later += 1;
    } else if (time === start) level += 1;
  }
  const bound = later > limit ? selectNth(signed, limit, 0, later - 1) : Infinity;
  const places: Place[] = [];
  if (later + level === 0) return places;
  for (let index = 0; index < size; index += 1) {
    const incident = incidents[index] as number;
    const time = times[first[incident] as number] as number;
    if (sign * time >= start && sign * time <= bound) places.push([time, ids.at(incident)]);
  }
  return places;
}

const cursorOf = (place: Place): string => Buffer.from(JSON.stringify(place)).toString('base64url');

/** The place that a cursor names; refused if it is none of ours. */
export function placeOf(cursor: string): Place {
  try {
    const place: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (Array.isArray(place) && place.length === 2) {
      const [time, id] = place as readonly unknown[];
      if (typeof time === 'number' && typeof id === 'string') return [time, id];
    }
  } catch {
    // Not JSON: refused below like every other text that is no cursor.
  }
  throw refused('cursor', 'cursor must be the nextCursor of the page before');
}
