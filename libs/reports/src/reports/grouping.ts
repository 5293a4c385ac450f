import { type ReportParameter } from '../report';

/** What volume and the times can be grouped by. */
export const groupDimensions = [
  'state',
  'priority',
  'category',
  'subcategory',
  'symptom',
  'team',
  'tier',
  'service',
  'location',
  'channel',
] as const;
export type GroupDimension = (typeof groupDimensions)[number];

/** The parameter `groupBy` as the catalogue shows it. */
export const groupByParameter = (values: readonly string[], fallback: string): ReportParameter => ({
  name: 'groupBy',
  description: 'The value, at the time asked for, that incidents are grouped by',
  values,
  default: fallback,
});
