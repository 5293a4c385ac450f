import { type EventSchemas } from '@faultline/kernel';

/** A category, or one of its subcategories. */
export type CategoryRef = { readonly category: string; readonly subcategory: string | null };

/** A resolution code or hold reason: what commands and reports use, and what people read. */
export type Entry = { readonly key: string; readonly name: string };

/** Priorities by impact (rows) and urgency (columns), both 1 high to 3 low. */
export type PriorityMatrix = readonly (readonly number[])[];

/** Whether commands may use what the catalog does not list. */
export type CatalogPolicy = {
  readonly unlistedCategories: 'accept' | 'refuse';
  readonly unlistedResolutionCodes: 'accept' | 'refuse';
};

export type CatalogEvent =
  | { readonly type: 'CategoryAdded'; readonly data: CategoryRef }
  | { readonly type: 'CategoryRetired'; readonly data: CategoryRef }
  | { readonly type: 'ResolutionCodeAdded'; readonly data: Entry }
  | { readonly type: 'ResolutionCodeRetired'; readonly data: { readonly key: string } }
  | { readonly type: 'HoldReasonAdded'; readonly data: Entry }
  | { readonly type: 'HoldReasonRetired'; readonly data: { readonly key: string } }
  | { readonly type: 'PriorityMatrixChanged'; readonly data: { readonly matrix: PriorityMatrix } }
  | { readonly type: 'CatalogPolicyChanged'; readonly data: CatalogPolicy };

export const catalogEventSchemas: EventSchemas<CatalogEvent['type']> = {
  CategoryAdded: { version: 1 },
  CategoryRetired: { version: 1 },
  ResolutionCodeAdded: { version: 1 },
  ResolutionCodeRetired: { version: 1 },
  HoldReasonAdded: { version: 1 },
  HoldReasonRetired: { version: 1 },
  PriorityMatrixChanged: { version: 1 },
  CatalogPolicyChanged: { version: 1 },
};
