import { ManualClock } from '@faultline/kernel';
import { TroubleLog } from './trouble-log';

test('one report of each cause, and another one after a minute', () => {
  const clock = new ManualClock();
  const log = new TroubleLog(clock);
  const reports: string[] = [];
  const tell = (cause: string) => {
    log.tell(cause, () => reports.push(cause));
  };
  for (const cause of ['away: connection 1', 'away: connection 2', 'refused', 'away: connection 1']) tell(cause);
  expect(reports).toEqual(['away: connection 1', 'refused']);
  clock.advance(59_999);
  tell('away: connection 3');
  expect(reports).toHaveLength(2);
  clock.advance(1);
  tell('away: connection 3');
  expect(reports).toEqual(['away: connection 1', 'refused', 'away: connection 3']);
});
