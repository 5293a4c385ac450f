import { join, resolve } from 'node:path';
import { type EventStore, openEventStoreDbEventStore } from '@faultline/event-store';
import { systemClock } from '@faultline/kernel';
import { type Backend, commonSettings, type Settings, startOfTime } from './backend';
import { type Child, startChild } from './children';
import { Front } from './front';
import { timeHeader } from './gateway-time';
import { freshDatabase, mongoDbForTests, type MongoDbForTests } from './mongodb-server';
import { temporaryDirectory } from './temporary';
import { until } from './until';

// By the working directory: these run compiled.
const programs = {
  eventStoreDb: resolve('dist/test/support/eventstoredb-server/main.js'),
  gateway: resolve('dist/test/support/gateway-program.js'),
  projector: resolve('dist/apps/projector/src/main.js'),
};

const masterKey = 'a-master-key-for-tests-only-0123456789';
const projectors = 2;

let mongoDb: Promise<MongoDbForTests> | undefined;
let kills = 0;

/** One MongoDB for all tests of a file; each has a database of its own. */
async function sharedMongoDb(): Promise<MongoDbForTests> {
  mongoDb ??= mongoDbForTests().then((server) => {
    if (!server) throw new Error('There is no MongoDB for tests: set MONGODB_URL, or install java and mvn');
    return server;
  });
  return mongoDb;
}

/** Ends what the tests of a file shared. */
export async function stopSharedServers(): Promise<void> {
  const server = await mongoDb;
  mongoDb = undefined;
  await server?.stop();
  if (kills > 0) process.stdout.write(`Processes killed and started again meanwhile: ${kills}\n`);
  kills = 0;
}

/** The servers of one production: an EventStoreDB in a process of its own with its log on disk, and a database. */
export type Servers = {
  readonly settings: Settings;
  readonly eventStoreUrl: string;
  readonly readStoreUrl: string;
  /** kill -9, and a new one on the same port with the same log. */
  restartEventStore(): Promise<void>;
  stop(): Promise<void>;
};

export async function startServers(): Promise<Servers> {
  const { path, remove } = await temporaryDirectory();
  const directory = join(path, 'log');
  const start = (port: string) =>
    startChild([programs.eventStoreDb, '--port', port, '--directory', directory], {}, /READY (esdb:\S+)/);
  let eventStoreDb = await start('0');
  const eventStoreUrl = eventStoreDb.ready[1] ?? '';
  const database = freshDatabase((await sharedMongoDb()).url);
  return {
    eventStoreUrl,
    readStoreUrl: database.url,
    settings: {
      EVENT_STORE: eventStoreUrl,
      READ_STORE: database.url,
      FAULTLINE_MASTER_KEY: masterKey,
      WORK_DIRECTORY: join(path, 'imports'),
    },
    restartEventStore: async () => {
      await eventStoreDb.kill();
      eventStoreDb = await start(new URL(eventStoreUrl).port);
    },
    stop: async () => {
      await eventStoreDb.stop();
      await database.drop();
      await remove();
    },
  };
}

/** The processes of a production, each of which can be killed and started again. */
class Processes {
  private gateway: Promise<Child>;
  private readonly projectors: Promise<Child>[];
  time = startOfTime;

  constructor(private readonly settings: Settings) {
    this.gateway = this.startGateway();
    this.projectors = Array.from({ length: projectors }, () => this.startProjector());
  }

  /** The gateway's address, once it is ready. */
  async gatewayUrl(): Promise<string> {
    return (await this.gateway).ready[1] ?? '';
  }

  /** Asks the gateway how much waits in it, once its clock stands where this one does. Zero where it has just died. */
  async waiting(): Promise<number> {
    const { process: child } = await this.gateway;
    if (!child.connected) return 0;
    child.send({ time: this.time }, () => undefined);
    return new Promise((resolve) => {
      const told = (answer: unknown) => {
        child.off('message', told).off('exit', told);
        resolve((answer as { waiting?: number } | null)?.waiting ?? 0);
      };
      child.on('message', told).on('exit', told);
    });
  }

  /** Kills the process of that number, the gateway being the first, and starts it again. */
  async replace(number: number): Promise<void> {
    if (number % (projectors + 1) === 0) {
      this.gateway = this.gateway.then((child) => child.kill()).then(() => this.startGateway());
      await this.gateway;
      return;
    }
    const index = (number % (projectors + 1)) - 1;
    const replaced = this.projectors[index]?.then((child) => child.kill()).then(() => this.startProjector());
    if (replaced) this.projectors[index] = replaced;
    await replaced;
  }

  async stop(): Promise<void> {
    for (const child of await Promise.all([this.gateway, ...this.projectors])) await child.stop();
  }

  private startGateway(): Promise<Child> {
    const env = { ...this.settings, TIME: String(this.time) };
    return startChild([programs.gateway], env, /READY (http:\S+)/);
  }

  private startProjector(): Promise<Child> {
    return startChild([programs.projector], this.settings, /runs at (http:\S+)/);
  }
}

/** Kills one process after the other, every few seconds, until it is stopped. */
class Reaper {
  private readonly stopping = new AbortController();
  private readonly running: Promise<void>;

  constructor(kill: (number: number) => Promise<void>, everyMs: number) {
    this.running = this.run(kill, everyMs);
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private async run(kill: (number: number) => Promise<void>, everyMs: number): Promise<void> {
    const { signal } = this.stopping;
    const stopped = () => signal.aborted;
    for (let number = 0; !stopped(); number += 1) {
      await systemClock.wait(everyMs, signal);
      if (!stopped()) await kill(number);
    }
  }
}

const killEveryMs = 1_000;

/**
 * A gateway and two projectors, each a process of its own, on EventStoreDB and MongoDB as tests have them; where they are `mortal`,
 * one after the other is killed and started again all the time, the event store among them.
 */
export async function startProduction(settings: Settings, { mortal }: { readonly mortal: boolean }): Promise<Backend> {
  const servers = await startServers();
  const processes = new Processes({ ...commonSettings, ...servers.settings, ...settings });
  const direct = await processes.gatewayUrl();
  const front = mortal ? await Front.open(() => processes.gatewayUrl()) : undefined;
  const kill = (number: number) => {
    kills += 1;
    return number % 4 === 3 ? servers.restartEventStore() : processes.replace(number % 4);
  };
  const reaper = mortal ? new Reaper(kill, killEveryMs) : undefined;
  const events: EventStore = await openEventStoreDbEventStore({ url: servers.eventStoreUrl });
  return {
    url: front?.url ?? direct,
    events,
    now: () => processes.time,
    advance: (milliseconds) => {
      processes.time += milliseconds;
    },
    headers: () => ({ [timeHeader]: String(processes.time) }),
    outwait: async (answered, milliseconds) => {
      const answer = { given: false };
      const done = answered.finally(() => {
        answer.given = true;
      });
      await until(async () => {
        if (answer.given) return true;
        // A gateway that dies takes the wait with it; the next one begins anew.
        if ((await processes.waiting()) > 0) processes.time += milliseconds;
        return answer.given;
      });
      await done;
    },
    stop: async () => {
      await reaper?.stop();
      await front?.close();
      await events.close();
      await processes.stop();
      await servers.stop();
    },
  };
}
