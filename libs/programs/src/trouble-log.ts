import { type Clock } from '@faultline/kernel';

const quietMs = 60_000;

/** What a message with a stack says of the cause. */
export const firstLine = (message: string): string => message.split('\n', 1)[0] ?? '';

/** Lets one report of each cause through, then none of the same for a minute: a store that is away must not fill the log. */
export class TroubleLog {
  private readonly told = new Map<string, number>();

  constructor(private readonly clock: Clock) {}

  /**
   * Calls `report` unless the same cause, a line of words, was reported within the last minute; what differs by numbers alone, such as
   * that of a connection, is the same.
   */
  tell(words: string, report: () => void): void {
    const cause = words.replace(/\d+/g, '#');
    const now = this.clock.now();
    for (const [known, at] of this.told) if (now - at >= quietMs) this.told.delete(known);
    if (this.told.has(cause)) return;
    this.told.set(cause, now);
    report();
  }
}
