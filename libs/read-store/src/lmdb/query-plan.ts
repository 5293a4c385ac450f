import { type CollectionSpec, completeSort, type Filter, type IndexSpec, type Sort } from '../read-store.port';
import { compileFilter, type CompiledFilter } from './compiled-filter';
import { type IndexPlan, planIndex } from './index-plan';
import { newCollection, primaryIndex, type StoredCollection } from './stored-collection';

/** What a listing would do: which index it reads, and how much the index spares it. */
export type QueryPlan = {
  /** The index by its fields; `_id` for the documents themselves. */
  readonly index: IndexSpec;
  /** How many leading fields are fixed, and whether the next one is confined to a range. */
  readonly equalities: number;
  readonly ranged: boolean;
  /** Whether the index gives the order, so that a page reads a page's worth of entries. */
  readonly ordered: boolean;
  /** Whether every condition is expressed by the index, so that nothing is read in vain. */
  readonly covered: boolean;
};

/** A query, ready to run on one collection. */
export type Query = {
  readonly filter: CompiledFilter;
  /** Complete: ends with `_id`. */
  readonly sort: Sort;
  readonly plans: readonly IndexPlan[];
};

/** Compiles a query. Throws `query.unsupported-operator`. */
export function prepareQuery(collection: StoredCollection, filter?: Filter, sort?: Sort): Query {
  const compiled = compileFilter(filter);
  const complete = completeSort(sort);
  const indexes = [primaryIndex, ...collection.indexes.filter(({ building }) => !building)];
  const plans = indexes.map((index) => planIndex(collection.no, index, compiled.conditions, complete));
  return { filter: compiled, sort: complete, plans };
}

/** Whether the entries of a plan are those of the documents that match, no more and no less. */
export const coversAll = (plan: IndexPlan, { conditions, clauses }: CompiledFilter): boolean =>
  plan.exact && clauses === 0 && conditions.every((condition) => plan.covered.has(condition));

/** Whether a plan reads less than everything. */
export const isBounded = (plan: IndexPlan): boolean => plan.equalities > 0 || plan.ranged;

const better = (a: IndexPlan, b: IndexPlan): number =>
  b.equalities - a.equalities || Number(b.ranged) - Number(a.ranged) || b.covered.size - a.covered.size;

/** The plan that gives the order and finds the fewest entries, as far as its shape tells. */
export const orderedPlan = ({ plans }: Query): IndexPlan | undefined =>
  plans.filter(({ order }) => order !== undefined).sort(better)[0];

/** How a collection with these indexes would answer a listing; pure, so that a listing without an index is a failing test. */
export function planQuery(spec: CollectionSpec, filter?: Filter, sort?: Sort): QueryPlan {
  const query = prepareQuery(newCollection(1, spec), filter, sort);
  const ordered = orderedPlan(query);
  const bounded = query.plans.filter(isBounded).sort(better)[0];
  const plan = ordered && (isBounded(ordered) || !bounded) ? ordered : bounded;
  if (!plan) return { index: [['_id', 1]], equalities: 0, ranged: false, ordered: false, covered: false };
  const { index, equalities, ranged, order } = plan;
  const fields: IndexSpec = index.no === 0 ? [['_id', 1]] : index.fields;
  return { index: fields, equalities, ranged, ordered: order !== undefined, covered: coversAll(plan, query.filter) };
}
