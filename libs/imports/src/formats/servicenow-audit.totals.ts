import { type Totals } from './history-builder';
import { type LastKnown } from './last-known';
import { type LocalTimes } from './local-times';
import { type Column } from './servicenow-audit.rows';
import { parseDayFirst } from './times';

/** The columns whose last stamped value is known and not what the rows add up to, 1 each. */
export function differencesOf(
  last: LastKnown<Column>,
  totals: Totals & { readonly loggedAt: number },
  times: LocalTimes,
): Readonly<Record<string, number>> {
  const instant = (text: string): number | null => {
    const local = parseDayFirst(text);
    return local === null ? null : times.instantOf(local);
  };
  const agrees: readonly (readonly [Column, (stamped: string) => boolean])[] = [
    ['opened_at', (stamped) => instant(stamped) === totals.loggedAt],
    ['resolved_by', (stamped) => stamped === totals.resolved?.by],
    ['resolved_at', (stamped) => totals.resolved !== null && instant(stamped) === totals.resolved.at],
    ['closed_at', (stamped) => totals.closedAt !== null && instant(stamped) === totals.closedAt],
    ['reassignment_count', (stamped) => Number(stamped) === totals.reassignments],
    ['reopen_count', (stamped) => Number(stamped) === totals.reopens],
  ];
  const differences: Record<string, number> = {};
  for (const [column, check] of agrees) {
    const stamped = last.value(column);
    if (stamped !== null && !check(stamped)) differences[column] = 1;
  }
  return differences;
}
