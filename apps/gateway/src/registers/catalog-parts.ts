import { type CatalogCommand, type CatalogPart } from '@faultline/catalog';

const parts: Readonly<Record<CatalogCommand['type'], CatalogPart>> = {
  AddCategories: 'categories',
  RetireCategory: 'categories',
  AddResolutionCodes: 'resolutionCodes',
  RetireResolutionCode: 'resolutionCodes',
  AddHoldReasons: 'holdReasons',
  RetireHoldReason: 'holdReasons',
  ChangePriorityMatrix: 'priorityMatrix',
  ChangeCatalogPolicy: 'policy',
};

/** The part of the catalog that a command is about. */
export const partOf = ({ type }: CatalogCommand): CatalogPart => parts[type];

/** The parts by the names that paths have for them. */
export const partsByPath: Readonly<Record<string, CatalogPart>> = {
  categories: 'categories',
  'resolution-codes': 'resolutionCodes',
  'hold-reasons': 'holdReasons',
  'priority-matrix': 'priorityMatrix',
  policy: 'policy',
};
