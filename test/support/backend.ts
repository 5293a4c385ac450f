import { startServer } from '@faultline/gateway';
import { readEnvironment } from '@faultline/config';
import { type EventStore } from '@faultline/event-store';
import { ManualClock } from '@faultline/kernel';
import { adminKey } from './server-process';
import { temporaryDirectory } from './temporary';
import { until } from './until';

export type Settings = Readonly<Record<string, string>>;

/** A running platform as tests use it: an address, its log, and a clock that they turn. */
export type Backend = {
  readonly url: string;
  /** To be read only. */
  readonly events: EventStore;
  now(): number;
  advance(milliseconds: number): void;
  /** Headers that every request is to carry. */
  headers(): Readonly<Record<string, string>>;
  /** Turns the clock for the sake of a request that waits for that; resolves once it was answered. */
  outwait(answered: Promise<unknown>, milliseconds: number): Promise<void>;
  stop(): Promise<void>;
};

/** The instant at which the clock of every test server stands when it starts. */
export const startOfTime = Date.UTC(2026, 2, 2, 8);

/** What every test server has in common. */
export const commonSettings: Settings = {
  PORT: '0',
  FAULTLINE_ADMIN_KEY: adminKey,
  RATE_LIMIT_PER_MINUTE: '1000000',
  LOG_LEVEL: 'silent',
};

/** The whole platform in this process, on embedded stores in a directory of its own. */
export async function startEmbedded(settings: Settings): Promise<Backend> {
  const { path, remove } = await temporaryDirectory();
  const stores = {
    EVENT_STORE: `lmdb:${path}`,
    READ_STORE: `lmdb:${path}`,
    KEY_STORE: `file:${path}`,
    BLOB_STORE: `file:${path}`,
  };
  const environment = readEnvironment({ ...commonSettings, ...stores, ...settings });
  const clock = new ManualClock(startOfTime);
  const server = await startServer({ environment, clock, threads: false });
  const { waiting } = clock;
  return {
    url: server.url,
    events: server.platform.events,
    now: () => clock.now(),
    advance: (milliseconds) => {
      clock.advance(milliseconds);
    },
    headers: () => ({}),
    outwait: async (answered, milliseconds) => {
      const answer = { given: false };
      const done = answered.finally(() => {
        answer.given = true;
      });
      await until(() => answer.given || clock.waiting > waiting);
      if (!answer.given) clock.advance(milliseconds);
      await done;
    },
    stop: async () => {
      await server.close();
      await remove();
    },
  };
}
