import { type Moment } from '../timeline.types';
import { momentBits, type TimelineTable } from './timeline-table';

/** The instant (ms) of an incident's first such moment up to `row`; NaN without one. */
export function firstMoment(table: TimelineTable, moment: Moment, incident: number, row: number): number {
  const bit = momentBits[moment];
  for (let index = table.first[incident] as number; index <= row; index += 1) {
    if (((table.moments[index] as number) & bit) !== 0) return table.times[index] as number;
  }
  return NaN;
}

/** The instant (ms) of an incident's last such moment up to `row`; NaN without one. */
export function lastMoment(table: TimelineTable, moment: Moment, incident: number, row: number): number {
  const bit = momentBits[moment];
  const start = table.first[incident] as number;
  for (let index = row; index >= start; index -= 1) {
    if (((table.moments[index] as number) & bit) !== 0) return table.times[index] as number;
  }
  return NaN;
}

/** When an incident was logged, ms. */
export const loggedAt = (table: TimelineTable, incident: number): number =>
  table.times[table.first[incident] as number] as number;
