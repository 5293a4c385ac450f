import { type Clock } from '@faultline/kernel';

/** What a health check found; `detail` says what is wrong. */
export type Check = { readonly ok: boolean; readonly detail?: string } & Readonly<Record<string, unknown>>;

/** How long whoever asks for the health waits for a store, in milliseconds: less than those who ask have patience. */
const patienceMs = 1_000;

/** Finds out whether something answers, by one question at a time, and what keeps it from answering. */
export class Probe {
  private latest: Check = { ok: true };
  private asking: Promise<void> | undefined;

  /** `ask` resolves with facts for the report, or rejects with what is wrong. */
  constructor(
    private readonly ask: () => Promise<object>,
    private readonly clock: Clock,
  ) {}

  /** Answers within a second: what is found out by then, else what went wrong before, else that there is no answer. */
  async check(): Promise<Check> {
    this.asking ??= this.look();
    const over = new AbortController();
    const late = this.clock.wait(patienceMs, over.signal).then(() => true);
    const isLate = await Promise.race([this.asking.then(() => false), late]);
    over.abort();
    return isLate && this.latest.ok ? { ok: false, detail: 'It does not answer' } : this.latest;
  }

  private async look(): Promise<void> {
    try {
      this.latest = { ok: true, ...(await this.ask()) };
    } catch (error) {
      this.latest = { ok: false, detail: error instanceof Error ? error.message : String(error) };
    }
    this.asking = undefined;
  }
}
