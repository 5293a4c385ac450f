import { incidentStatuses, isOpen } from '@faultline/incidents';
import { type Filter } from '../report.params';
import { type CodeColumn, type Dictionary } from './code-column';
import { type TimelineTable } from './timeline-table';

/** Some incidents, each with the row that holds at the time asked for; both have `size` entries, in the table's order. */
export type Selection = { readonly size: number; readonly incidents: Uint32Array; readonly rows: Uint32Array };

/** One column and, by code, whether it passes. */
type Test = { readonly column: CodeColumn; readonly admitted: Uint8Array };

/** Filters made ready for a table as it is now; `byIncident` look at what never changes. */
export type Tests = { readonly none: boolean; readonly byRow: readonly Test[]; readonly byIncident: readonly Test[] };

/** Turns filters into tests of codes. They hold until the table takes in something new. */
export function compileFilters(table: TimelineTable, filters: readonly Filter[]): Tests {
  const byRow: Test[] = [];
  const byIncident: Test[] = [];
  let none = false;
  for (const filter of filters) {
    if (filter.name === 'major') none ||= !admits(filter, 'false');
    else if (filter.name === 'import') byIncident.push(testOf(table.imports, filter));
    else if (filter.name === 'open') byRow.push(openTest(table.columns.state, filter));
    else byRow.push(testOf(table.columns[filter.name], filter));
  }
  return { none, byRow, byIncident };
}

const admits = ({ either, not }: Filter, value: string | null): boolean =>
  (either === null || either.includes(value)) && !not.includes(value);

function testOf(column: CodeColumn, filter: Filter): Test {
  const { dictionary } = column;
  const { either, not } = filter;
  const admitted = new Uint8Array(dictionary.size).fill(either === null ? 1 : 0);
  const mark = (values: readonly (string | null)[], pass: number) => {
    for (const value of values) {
      const code = dictionary.find(value);
      if (code !== undefined) admitted[code] = pass;
    }
  };
  mark(either ?? [], 1);
  mark(not, 0);
  return { column, admitted };
}

function openTest(column: CodeColumn, filter: Filter): Test {
  const admitted = statesWhere(column, (state) => admits(filter, String(isOpen(state))));
  return { column, admitted };
}

/** By code of the column `state`, 1 for the states of which `holds` is true. */
export function statesWhere(
  { dictionary }: { readonly dictionary: Dictionary },
  holds: (state: (typeof incidentStatuses)[number]) => boolean,
): Uint8Array {
  const marked = new Uint8Array(dictionary.size);
  for (const state of incidentStatuses) marked[dictionary.codeOf(state)] = holds(state) ? 1 : 0;
  return marked;
}

/** Whether a row passes the tests that look at rows. */
export function rowPasses({ byRow }: Tests, row: number): boolean {
  for (const { column, admitted } of byRow) if (admitted[column.codes[row] as number] !== 1) return false;
  return true;
}

/** Whether an incident passes the tests that look at what never changes. */
export function incidentPasses({ byIncident }: Tests, incident: number): boolean {
  for (const { column, admitted } of byIncident) if (admitted[column.codes[incident] as number] !== 1) return false;
  return true;
}

/** Says of an incident, by the row that holds at the time asked for, whether it is meant. */
export type IncidentTest = (incident: number, row: number) => boolean;

/** What is asked of incidents: filters, as of an instant (ms; Infinity for everything recorded). */
export type Asked = { readonly filters: readonly Filter[]; readonly asOf: number };

/** The incidents that were logged at or before `asOf`, passed the filters then, and for which `holds`. */
export function select(table: TimelineTable, { filters, asOf }: Asked, holds?: IncidentTest): Selection {
  const tests = compileFilters(table, filters);
  const incidents = new Uint32Array(tests.none ? 0 : table.size);
  const rows = new Uint32Array(incidents.length);
  let size = 0;
  for (let incident = 0; incident < incidents.length; incident += 1) {
    const row = rowAt(table, incident, asOf);
    if (row < 0 || !rowPasses(tests, row) || !incidentPasses(tests, incident)) continue;
    if (holds && !holds(incident, row)) continue;
    incidents[size] = incident;
    rows[size] = row;
    size += 1;
  }
  return { size, incidents, rows };
}

const longTimeline = 32;

/** The row of an incident that holds at an instant (an event at that very instant counts); -1 before it was logged. */
export function rowAt({ times, first, lengths }: TimelineTable, incident: number, asOf: number): number {
  const start = first[incident] as number;
  let row = start + (lengths[incident] as number) - 1;
  if ((times[row] as number) <= asOf) return row;
  let low = start;
  while (row - low > longTimeline) {
    const middle = (low + row) >>> 1;
    if ((times[middle] as number) > asOf) row = middle;
    else low = middle;
  }
  while (row >= start && (times[row] as number) > asOf) row -= 1;
  return row < start ? -1 : row;
}

/** The entries of a selection for which `holds`. */
export function narrowed(selection: Selection, holds: IncidentTest): Selection {
  const incidents = new Uint32Array(selection.size);
  const rows = new Uint32Array(selection.size);
  let size = 0;
  for (let index = 0; index < selection.size; index += 1) {
    const incident = selection.incidents[index] as number;
    const row = selection.rows[index] as number;
    if (!holds(incident, row)) continue;
    incidents[size] = incident;
    rows[size] = row;
    size += 1;
  }
  return { size, incidents, rows };
}
