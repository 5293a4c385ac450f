import { known, type RowContext, type RowFault } from './import-format';
import { type Standing } from './state-move';
import { parseDayFirst } from './times';
import { fault, isBelievable, parseBoolean, parseLevel, parsePriority } from './values';
import { orderText } from '../spool/spooled-record';

/** The columns of the format, in the order of a spooled row. */
export const columns = [
  'number',
  'incident_state',
  'active',
  'reassignment_count',
  'reopen_count',
  'sys_mod_count',
  'made_sla',
  'caller_id',
  'opened_by',
  'opened_at',
  'sys_created_by',
  'sys_created_at',
  'sys_updated_by',
  'sys_updated_at',
  'contact_type',
  'location',
  'category',
  'subcategory',
  'u_symptom',
  'cmdb_ci',
  'impact',
  'urgency',
  'priority',
  'assignment_group',
  'assigned_to',
  'knowledge',
  'u_priority_confirmation',
  'notify',
  'problem_id',
  'rfc',
  'vendor',
  'caused_by',
  'closed_code',
  'resolved_by',
  'resolved_at',
  'closed_at',
] as const;

export type Column = (typeof columns)[number];

/** Without these nothing can be told; an export may lack any other column. */
export const required: readonly Column[] = ['number', 'incident_state', 'sys_mod_count', 'sys_updated_at', 'opened_at'];

const places = new Map<Column, number>(columns.map((column, place) => [column, place]));

/** The known value of one column of a row. */
export const valueOf = (values: readonly string[], column: Column): string | null =>
  known(values[places.get(column) ?? -1]);

/** Rows go by the time of the change, then by the counter. */
export function orderOf(values: readonly string[], context: RowContext): string | RowFault {
  const updatedAt = valueOf(values, 'sys_updated_at');
  if (updatedAt === null) return { column: 'sys_updated_at', reason: 'no time of change' };
  const at = instantOf('sys_updated_at', updatedAt, context);
  if (typeof at !== 'number') return at;
  const counter = valueOf(values, 'sys_mod_count');
  if (counter === null) return { column: 'sys_mod_count', reason: 'no counter' };
  if (!/^\d{1,15}$/.test(counter)) return fault('sys_mod_count', 'no whole number', counter);
  const openedAt = valueOf(values, 'opened_at');
  const opened = openedAt === null ? null : instantOf('opened_at', openedAt, context);
  if (opened !== null && typeof opened !== 'number') return opened;
  return faultOfValues(values) ?? orderText(at, Number(counter));
}

function instantOf(column: Column, text: string, context: RowContext): number | RowFault {
  const local = parseDayFirst(text);
  if (local === null) return fault(column, 'no time of the form day/month/year hours:minutes', text);
  const instant = context.times.instantOf(local);
  return isBelievable(instant, context) ? instant : fault(column, 'not between 1970 and a day from now', text);
}

const checks: readonly (readonly [Column, (text: string) => unknown, string])[] = [
  ['impact', parseLevel, 'not from 1 to 3'],
  ['urgency', parseLevel, 'not from 1 to 3'],
  ['priority', parsePriority, 'not from 1 to 4'],
  ['made_sla', parseBoolean, 'neither true nor false'],
];

function faultOfValues(values: readonly string[]): RowFault | null {
  for (const [column, parse, reason] of checks) {
    const value = valueOf(values, column);
    if (value !== null && parse(value) === null) return fault(column, reason, value);
  }
  return null;
}

const standings: ReadonlyMap<string, Standing> = new Map([
  ['new', { state: 'new', holdReason: null }],
  ['active', { state: 'in_progress', holdReason: null }],
  ['awaiting user info', { state: 'on_hold', holdReason: 'caller' }],
  ['awaiting vendor', { state: 'on_hold', holdReason: 'supplier' }],
  ['awaiting problem', { state: 'on_hold', holdReason: 'problem' }],
  ['awaiting evidence', { state: 'on_hold', holdReason: 'evidence' }],
  ['resolved', { state: 'resolved', holdReason: null }],
  ['closed', { state: 'closed', holdReason: null }],
]);

/** The state that an `incident_state` stands for; null for values such as `-100`, which keep state and reason. */
export const standingOf = (text: string): Standing | null => standings.get(text.toLowerCase()) ?? null;
