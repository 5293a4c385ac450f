import { type ImportFormat, importFormatOf } from '@faultline/imports';
import { csvOf, type RowByColumn } from './import-rows';

const format = importFormatOf('servicenow-audit') as ImportFormat;
const minute = 60_000;
const two = (value: number): string => String(value).padStart(2, '0');

/** An instant as the format writes it: day first, minutes, no offset. */
function dayFirst(at: number): string {
  const date = new Date(at);
  const day = [date.getUTCDate(), date.getUTCMonth() + 1, date.getUTCFullYear()].join('/');
  return `${day} ${two(date.getUTCHours())}:${two(date.getUTCMinutes())}`;
}

/** One incident's way through the states, with some variety by its index. */
function rowsOf(index: number, number: string): RowByColumn[] {
  const opened = Date.UTC(2016, 1, 1) + index * 17 * minute;
  const base: RowByColumn = {
    number,
    opened_at: dayFirst(opened),
    opened_by: `Opener ${index % 5}`,
    caller_id: `Caller ${index % 37}`,
    contact_type: index % 3 === 0 ? 'Phone' : 'Self service',
    location: `Location ${index % 11}`,
    category: `Category ${index % 7}`,
    subcategory: `Subcategory ${index % 13}`,
    u_symptom: index % 4 === 0 ? '?' : `Symptom ${index % 9}`,
    impact: '2 - Medium',
    urgency: '2 - Medium',
    priority: index % 10 === 0 ? '1 - Critical' : '3 - Moderate',
    assignment_group: `Group ${index % 6}`,
    made_sla: 'true',
    closed_code: `code ${index % 4}`,
  };
  const states = ['New', 'Active', 'Awaiting User Info', 'Active', 'Resolved', 'Closed'];
  const shown = index % 8 === 0 ? states.slice(0, 3) : states;
  return shown.map((state, step) => ({
    ...base,
    incident_state: state,
    sys_mod_count: String(step),
    sys_updated_by: `Updater ${(index + step) % 8}`,
    sys_updated_at: dayFirst(opened + step * (index % 29) * minute),
    ...(step > 0 ? { assigned_to: `Resolver ${(index + step) % 12}` } : {}),
    ...(step > 3 && index % 5 === 0 ? { made_sla: 'false', assignment_group: `Group ${(index + 1) % 6}` } : {}),
  }));
}

/** A log in the format `servicenow-audit` with rows in no order: `incidents` of them, numbered from `first` on. */
export function servicenowLog(incidents: number, first = 1): string {
  const rows = Array.from({ length: incidents }, (_, index) =>
    rowsOf(index, `INC${String(first + index).padStart(7, '0')}`),
  ).flat();
  // The step has no common divisor with the number of rows, so each row comes up once.
  const step = [7919, 6007, 104_729].find((candidate) => rows.length % candidate !== 0) ?? 1;
  return csvOf(
    format,
    rows.map((_, index) => rows[(index * step) % rows.length] as RowByColumn),
  );
}
