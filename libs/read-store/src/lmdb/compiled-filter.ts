import { checkFilter, type FilterParts } from '../filter';
import { type Filter } from '../read-store.port';
import { compilePredicate } from './predicate';

/** A checked filter and the predicate that decides what no index can. */
export type CompiledFilter = FilterParts & { readonly test: (document: object) => boolean };

/** Checks a filter and compiles it. Throws `query.unsupported-operator`. */
export function compileFilter(filter: Filter = {}): CompiledFilter {
  const parts = checkFilter(filter);
  const test = parts.conditions.length + parts.clauses === 0 ? () => true : compilePredicate(filter);
  return { ...parts, test };
}
