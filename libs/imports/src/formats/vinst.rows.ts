import { type IncidentStatus, type Priority } from '@faultline/incidents';
import { known, type RowContext, type RowFault } from './import-format';
import { type Standing } from './state-move';
import { parseIso } from './times';
import { fault, isBelievable } from './values';
import { orderText } from '../spool/spooled-record';

/** The columns of the format, in the order of a spooled row. */
export const columns = [
  'SR Number',
  'Change Date+Time',
  'Status',
  'Sub Status',
  'Activity',
  'Activity Level',
  'Involved ST Function Div',
  'Involved Org line 3',
  'Involved ST',
  'Involved ST 2',
  'ST Level',
  'SR Latest Impact',
  'Product',
  'Country',
  'Owner Country',
  'Owner First Name',
  'Resource',
] as const;

export type Column = (typeof columns)[number];

/** Without these nothing can be told; an export may lack any other column. */
export const required: readonly Column[] = ['SR Number', 'Change Date+Time', 'Status', 'Sub Status'];

const places = new Map<Column, number>(columns.map((column, place) => [column, place]));

/** The known value of one column of a row. */
export const valueOf = (values: readonly string[], column: Column): string | null =>
  known(values[places.get(column) ?? -1]);

/** Rows go by the time of the change, then as they stand in the file. */
export function orderOf(values: readonly string[], context: RowContext): string | RowFault {
  const column = 'Change Date+Time';
  const changedAt = valueOf(values, column);
  if (changedAt === null) return { column, reason: 'no time of change' };
  const at = parseIso(changedAt, context.times);
  if (at === null) return fault(column, 'no ISO 8601 time', changedAt);
  if (!isBelievable(at, context)) return fault(column, 'not between 1970 and a day from now', changedAt);
  return faultOfValues(values) ?? orderText(at);
}

const checks: readonly (readonly [Column, (text: string) => unknown, string])[] = [
  ['ST Level', tierOf, 'not L1, L2, L3 or L2/L3'],
  ['SR Latest Impact', priorityOf, 'not Major, High, Medium or Low'],
];

function faultOfValues(values: readonly string[]): RowFault | null {
  for (const [column, parse, reason] of checks) {
    const value = valueOf(values, column);
    if (value !== null && parse(value) === null) return fault(column, reason, value);
  }
  return null;
}

/** The tier of an `ST Level`, null if it is none. */
export function tierOf(text: string): 1 | 2 | 3 | null {
  switch (text.toUpperCase()) {
    case 'L1':
      return 1;
    case 'L2':
    case 'L2/L3':
      return 2;
    case 'L3':
      return 3;
    default:
      return null;
  }
}

/** The priority of an `SR Latest Impact`, null if it is none. */
export function priorityOf(text: string): Priority | null {
  switch (text.toLowerCase()) {
    case 'major':
      return 1;
    case 'high':
      return 2;
    case 'medium':
      return 3;
    case 'low':
      return 4;
    default:
      return null;
  }
}

const holdReasons: ReadonlyMap<string, string> = new Map([
  ['wait', 'other'],
  ['wait - user', 'caller'],
  ['wait - customer', 'customer'],
  ['wait - vendor', 'supplier'],
  ['wait - implementation', 'implementation'],
]);

const completions: ReadonlyMap<string, IncidentStatus> = new Map([
  ['closed', 'closed'],
  ['cancelled', 'cancelled'],
]);

/** The state that status and sub status stand for; null where they keep it, as `Unmatched` does. */
export function standingOf(status: string | null, subStatus: string | null): Standing | null {
  const sub = subStatus?.toLowerCase() ?? '';
  const holdReason = holdReasons.get(sub);
  switch (status?.toLowerCase()) {
    case 'queued':
      return { state: 'queued', holdReason: null };
    case 'accepted':
      if (holdReason !== undefined) return { state: 'on_hold', holdReason };
      return { state: sub === 'assigned' ? 'assigned' : 'in_progress', holdReason: null };
    case 'completed':
      return { state: completions.get(sub) ?? 'resolved', holdReason: null };
    default:
      return null;
  }
}
