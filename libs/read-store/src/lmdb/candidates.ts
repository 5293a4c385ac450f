import { tailStart } from './entry-keys';
import { type EntryReader, type Pause } from './entry-reader';
import { type Condition } from '../filter';
import { type IndexPlan } from './index-plan';
import { isBounded, type Query } from './query-plan';

/** The documents that can match, by the tails of their keys; `exact` if all of them do. */
export type Candidates = { readonly tails: ReadonlySet<string>; readonly exact: boolean };

type Counted = { readonly plan: IndexPlan; readonly count: number };

/** Below this number of candidates it costs less to read them than to look at another index. */
const fewCandidates = 300;
/** An index entry costs about this part of reading a document. */
const costOfEntry = 0.1;

/**
 * Intersects what the indexes say about a filter, cheapest first, as long as that saves reading documents; undefined if no index
 * confines the query, or only the one that is being read already.
 */
export async function narrow(
  reader: EntryReader,
  { plans, filter }: Query,
  pause: Pause,
  walked?: IndexPlan,
): Promise<Candidates | undefined> {
  const counted = plans
    .filter(isBounded)
    .map((plan) => ({ plan, count: countOf(reader, plan) }))
    .sort((a, b) => a.count - b.count);
  const [first, ...others] = counted;
  if (!first) return undefined;
  const useful = others.filter(({ plan }) => [...plan.covered].some((condition) => !first.plan.covered.has(condition)));
  if (first.plan === walked && useful.length === 0) return undefined;
  let tails = await tailsOf(reader, first.plan, pause);
  const covered = new Set<Condition>(first.plan.covered);
  let exact = first.plan.exact;
  for (const { plan, count } of useful) {
    if (tails.size <= fewCandidates || count * costOfEntry > tails.size) break;
    if ([...plan.covered].every((condition) => covered.has(condition))) continue;
    tails = await tailsOf(reader, plan, pause, tails);
    for (const condition of plan.covered) covered.add(condition);
    exact &&= plan.exact;
  }
  const complete = filter.clauses === 0 && filter.conditions.every((condition) => covered.has(condition));
  return { tails, exact: exact && complete };
}

const countOf = (reader: EntryReader, { index, intervals }: IndexPlan): Counted['count'] =>
  intervals.reduce((sum, interval) => sum + reader.count(index, interval), 0);

async function tailsOf(
  reader: EntryReader,
  { index, intervals }: IndexPlan,
  pause: Pause,
  among?: ReadonlySet<string>,
): Promise<Set<string>> {
  const tails = new Set<string>();
  for (const interval of intervals) {
    for (const key of reader.keys(index, interval)) {
      const tail = key.toString('latin1', tailStart(key));
      if (!among || among.has(tail)) tails.add(tail);
      if (pause.due()) await pause.take();
    }
  }
  return tails;
}
