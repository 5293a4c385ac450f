import { assertNever, type Decider, invalid, notFound } from '@faultline/kernel';
import {
  type CatalogEvent,
  type CatalogPolicy,
  type CategoryRef,
  type Entry,
  type PriorityMatrix,
} from './catalog.events';

export type CatalogCommand =
  | { readonly type: 'AddCategories'; readonly categories: readonly CategoryRef[] }
  | { readonly type: 'RetireCategory'; readonly category: CategoryRef }
  | { readonly type: 'AddResolutionCodes'; readonly entries: readonly Entry[] }
  | { readonly type: 'RetireResolutionCode'; readonly key: string }
  | { readonly type: 'AddHoldReasons'; readonly entries: readonly Entry[] }
  | { readonly type: 'RetireHoldReason'; readonly key: string }
  | { readonly type: 'ChangePriorityMatrix'; readonly matrix: PriorityMatrix }
  | ({ readonly type: 'ChangeCatalogPolicy' } & Partial<CatalogPolicy>);

/** Everything the catalog lists; each of its streams fills the part that it is about. */
export type Catalog = {
  /** Category → its subcategories. */
  readonly categories: ReadonlyMap<string, ReadonlySet<string>>;
  readonly resolutionCodes: ReadonlyMap<string, string>;
  readonly holdReasons: ReadonlyMap<string, string>;
  readonly matrix: PriorityMatrix;
  readonly policy: CatalogPolicy;
};

/** The part of the catalog that a command or event is about, each a stream `catalog-<part>`. */
export type CatalogPart = 'categories' | 'resolutionCodes' | 'holdReasons' | 'priorityMatrix' | 'policy';

/** The stream of a part. */
export const catalogStream = (part: CatalogPart): string => `catalog-${part}`;

/** min(impact + urgency − 1, 4). */
export const defaultMatrix: PriorityMatrix = [1, 2, 3].map((impact) =>
  [1, 2, 3].map((urgency) => Math.min(impact + urgency - 1, 4)),
);

const emptyCatalog = (): Catalog => ({
  categories: new Map(),
  resolutionCodes: new Map(),
  holdReasons: new Map(),
  matrix: defaultMatrix,
  policy: { unlistedCategories: 'accept', unlistedResolutionCodes: 'accept' },
});

const listed = ({ categories }: Catalog, { category, subcategory }: CategoryRef): boolean =>
  subcategory === null ? categories.has(category) : (categories.get(category)?.has(subcategory) ?? false);

function decide(command: CatalogCommand, catalog: Catalog): readonly CatalogEvent[] {
  switch (command.type) {
    case 'AddCategories':
      return addCategories(command.categories, catalog);
    case 'RetireCategory':
      if (!listed(catalog, command.category)) throw notFound('catalog.not-found', 'The catalog has no such category');
      return [{ type: 'CategoryRetired', data: command.category }];
    case 'AddResolutionCodes':
      return newEntries(command.entries, catalog.resolutionCodes).map((data) => ({
        type: 'ResolutionCodeAdded',
        data,
      }));
    case 'AddHoldReasons':
      return newEntries(command.entries, catalog.holdReasons).map((data) => ({ type: 'HoldReasonAdded', data }));
    case 'RetireResolutionCode':
      requireEntry(catalog.resolutionCodes, command.key);
      return [{ type: 'ResolutionCodeRetired', data: { key: command.key } }];
    case 'RetireHoldReason':
      requireEntry(catalog.holdReasons, command.key);
      return [{ type: 'HoldReasonRetired', data: { key: command.key } }];
    case 'ChangePriorityMatrix':
      requireMatrix(command.matrix);
      if (JSON.stringify(command.matrix) === JSON.stringify(catalog.matrix)) return [];
      return [{ type: 'PriorityMatrixChanged', data: { matrix: command.matrix } }];
    case 'ChangeCatalogPolicy': {
      const { type: _type, ...wanted } = command;
      const policy = { ...catalog.policy, ...wanted };
      return JSON.stringify(policy) === JSON.stringify(catalog.policy)
        ? []
        : [{ type: 'CatalogPolicyChanged', data: policy }];
    }
    default:
      return assertNever(command);
  }
}

/** A subcategory brings its category along. */
function addCategories(wanted: readonly CategoryRef[], catalog: Catalog): CatalogEvent[] {
  const added = new Map<string, CategoryRef>();
  for (const { category, subcategory } of wanted) {
    for (const ref of [
      { category, subcategory: null },
      { category, subcategory },
    ]) {
      if (!listed(catalog, ref)) added.set(JSON.stringify(ref), ref);
    }
  }
  return [...added.values()].map((data) => ({ type: 'CategoryAdded', data }));
}

const newEntries = (wanted: readonly Entry[], known: ReadonlyMap<string, string>): Entry[] =>
  wanted.filter(({ key, name }) => known.get(key) !== name);

function requireEntry(known: ReadonlyMap<string, string>, key: string): void {
  if (!known.has(key)) throw notFound('catalog.not-found', `The catalog has no entry ${key}`, { key });
}

function requireMatrix(matrix: PriorityMatrix): void {
  const sound =
    matrix.length === 3 && matrix.every((row) => row.length === 3 && row.every((cell) => [1, 2, 3, 4].includes(cell)));
  if (!sound) {
    throw invalid('catalog.matrix', 'The matrix has three rows of three priorities from 1 to 4', {
      pointer: '/matrix',
    });
  }
}

function evolve(catalog: Catalog, event: CatalogEvent): Catalog {
  switch (event.type) {
    case 'CategoryAdded':
      return { ...catalog, categories: withCategory(catalog.categories, event.data) };
    case 'CategoryRetired':
      return { ...catalog, categories: withoutCategory(catalog.categories, event.data) };
    case 'ResolutionCodeAdded':
      return { ...catalog, resolutionCodes: new Map(catalog.resolutionCodes).set(event.data.key, event.data.name) };
    case 'ResolutionCodeRetired':
      return { ...catalog, resolutionCodes: without(catalog.resolutionCodes, event.data.key) };
    case 'HoldReasonAdded':
      return { ...catalog, holdReasons: new Map(catalog.holdReasons).set(event.data.key, event.data.name) };
    case 'HoldReasonRetired':
      return { ...catalog, holdReasons: without(catalog.holdReasons, event.data.key) };
    case 'PriorityMatrixChanged':
      return { ...catalog, matrix: event.data.matrix };
    case 'CatalogPolicyChanged':
      return { ...catalog, policy: event.data };
    default:
      return assertNever(event);
  }
}

type Categories = Catalog['categories'];

function withCategory(categories: Categories, { category, subcategory }: CategoryRef): Categories {
  const members = categories.get(category) ?? new Set<string>();
  return new Map(categories).set(category, subcategory === null ? members : new Set([...members, subcategory]));
}

function withoutCategory(categories: Categories, { category, subcategory }: CategoryRef): Categories {
  const next = new Map(categories);
  if (subcategory === null) next.delete(category);
  else next.set(category, new Set([...(categories.get(category) ?? [])].filter((member) => member !== subcategory)));
  return next;
}

function without(entries: ReadonlyMap<string, string>, key: string): ReadonlyMap<string, string> {
  const next = new Map(entries);
  next.delete(key);
  return next;
}

/** The domain of the catalog. */
export const catalogDecider: Decider<Catalog, CatalogCommand, CatalogEvent> = {
  initialState: emptyCatalog,
  decide,
  evolve,
};
