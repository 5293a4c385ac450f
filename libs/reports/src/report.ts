import { type Selection } from './engine/selection';
import { type TimelineTable } from './engine/timeline-table';
import { filterNames } from './report.params';
import { type QueryReader } from './query-reader';

/** A parameter of a report; `values` where it takes one of a closed set, `default` where it has one. */
export type ReportParameter = {
  readonly name: string;
  readonly description: string;
  readonly values?: readonly string[];
  readonly default?: string;
};

/** What a report says about itself. `timeBasis` is what `from` and `to` bound. */
export type ReportEntry = {
  readonly name: string;
  readonly title: string;
  readonly definition: string;
  readonly unit: string;
  readonly timeBasis: string;
  readonly parameters: readonly ReportParameter[];
};

/** What is known when a question is answered; `now` in ms since the epoch. */
export type Scene = { readonly table: TimelineTable; readonly now: number };

/** A report in two steps: the query is read, and refused if need be, before any data are looked at. */
export type Report = {
  readonly entry: ReportEntry;
  /** Plain data in the report's fixed shape. */
  readonly answer: (query: QueryReader) => (scene: Scene) => object;
  /** The incidents behind one of its numbers: the same parameters, and those that name the number. */
  readonly incidents: (query: QueryReader) => (scene: Scene) => Selection;
};

/** The parameters that every report takes. */
export const commonParameters: readonly ReportParameter[] = [
  ...filterNames.map((name) => ({
    name,
    description: `Incidents with this ${name} at the time asked for; twice means either, null means unknown, not.${name} excludes`,
  })),
  { name: 'from', description: 'From this instant on (of the time basis)' },
  { name: 'to', description: 'Until before this instant (of the time basis)' },
  { name: 'asOf', description: 'As of this instant of business time; everything recorded by default' },
  { name: 'timeZone', description: 'IANA time zone of buckets', default: 'UTC' },
];
