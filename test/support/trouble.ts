import { once } from 'node:events';
import { createServer } from 'node:net';
import { type AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { ApiClient, type Answer } from './api-client';
import { type Child, startChild } from './children';
import { freshDatabase, type MongoDbServer, startMongoDbServer } from './mongodb-server';
import { type Environment, eventually, type Program, startProgram } from './programs';
import { adminKey } from './server-process';
import { temporaryDirectory } from './temporary';

const protocolServer = resolve('dist/test/support/eventstoredb-server/main.js');

/** How long the programs wait for a store, in milliseconds: soon enough for tests to see what happens then. */
const storeTimeoutMs = 1_000;
/** Far beyond every deadline: who has heard nothing by then hangs. */
const patienceMs = 15_000;

/** Two gateways and two projectors, the programs of production, on servers that a test can harm. */
export type TroubledProduction = {
  /** What each program is started with. */
  readonly environment: Environment;
  readonly gateways: readonly [ApiClient, ApiClient];
  readonly projectors: readonly Program[];
  readonly readStoreUrl: string;
  readonly eventStorePort: number;
  /** Holds the read models and nothing else. */
  readonly readStore: MongoDbServer;
  readonly eventStore: {
    kill(): Promise<void>;
    start(): Promise<void>;
    pause(): void;
    resume(): void;
  };
  /** Everything that the programs have written. */
  said(): string;
  stop(): Promise<void>;
};

/** Starts the protocol server as a process with its log on disk. */
export const startEventStore = (port: number, directory: string): Promise<Child> =>
  startChild([protocolServer, '--port', String(port), '--directory', directory], {}, /READY (esdb:\S+)/);

/** What programs are started with beside the stores' addresses. */
export const commonEnvironment: Environment = {
  HOST: '127.0.0.1',
  PORT: '0',
  FAULTLINE_ADMIN_KEY: adminKey,
  FAULTLINE_MASTER_KEY: 'a-master-key-for-tests-only-0123456789',
  RATE_LIMIT_PER_MINUTE: '1000000',
  LOG_LEVEL: 'error',
  STORE_TIMEOUT_MS: String(storeTimeoutMs),
};

/** Keys and read models in servers of their own, so that one can be away while the other is there. */
export async function startTroubledProduction(): Promise<TroubledProduction> {
  const { path, remove } = await temporaryDirectory();
  const log = join(path, 'log');
  const [first, readStore, keyStore] = await Promise.all([
    startEventStore(0, log),
    startMongoDbServer(),
    startMongoDbServer(),
  ]);
  let eventStore = first;
  const eventStoreUrl = first.ready[1] ?? '';
  const eventStorePort = Number(new URL(eventStoreUrl).port);
  const readStoreUrl = freshDatabase(readStore.url).url;
  const keys = freshDatabase(keyStore.url).url;
  const stores = { EVENT_STORE: eventStoreUrl, READ_STORE: readStoreUrl, KEY_STORE: keys, BLOB_STORE: keys };
  const environment = { ...commonEnvironment, ...stores, WORK_DIRECTORY: join(path, 'imports') };
  const gateways = ['gateway', 'gateway'].map(() => startProgram('gateway', environment));
  const projectors = ['projector', 'projector'].map(() => startProgram('projector', environment));
  const [one = '', other = ''] = await Promise.all(gateways.map((gateway) => gateway.url()));
  await Promise.all(projectors.map((projector) => projector.url()));
  return {
    environment,
    gateways: [new ApiClient(one), new ApiClient(other)],
    projectors,
    readStoreUrl,
    eventStorePort,
    readStore,
    eventStore: {
      kill: () => eventStore.kill(),
      start: async () => {
        eventStore = await startEventStore(eventStorePort, log);
      },
      pause: () => eventStore.process.kill('SIGSTOP'),
      resume: () => eventStore.process.kill('SIGCONT'),
    },
    said: () => [...gateways, ...projectors].map((program) => program.said()).join(''),
    stop: async () => {
      await Promise.all([...gateways, ...projectors].map((program) => program.stop()));
      await Promise.all([eventStore.kill(), readStore.kill(), keyStore.kill()]);
      await remove();
    },
  };
}

/** Resolves like the answer; rejects where there is none, long after there should be. */
export async function inTime<Result>(answer: Promise<Result>): Promise<Result> {
  const over = new AbortController();
  const signal = AbortSignal.any([over.signal, AbortSignal.timeout(patienceMs)]);
  const hung = once(signal, 'abort').then((): never => {
    throw new Error('No answer: it hangs');
  });
  try {
    return await Promise.race([answer, hung]);
  } finally {
    hung.catch(() => undefined);
    over.abort();
  }
}

/** Asks as a careful client does: again while the answer is that a store is away. */
export async function insist<Body>(ask: () => Promise<Answer<Body>>): Promise<Answer<Body>> {
  let answer = await inTime(ask());
  await eventually(async () => {
    if (answer.status === 503) answer = await inTime(ask());
    return answer.status !== 503;
  });
  return answer;
}

/** A port of this machine that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
