import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { CommandRuntime, EventCodec, RegisterFeed } from '@faultline/commands';
import { CatalogRegister } from '@faultline/catalog';
import { type Environment } from '@faultline/config';
import { type EventStore, openLmdbEventStore } from '@faultline/event-store';
import { type Clock } from '@faultline/kernel';
import { type KeyStore, openFileKeyStore } from '@faultline/key-store';
import { PersonRegister, ServiceRegister, TeamRegister } from '@faultline/organisation';
import { eventSchemas, type ReadSide, ReadSideHost, WorkerReadSide } from '@faultline/read-side';
import { openLmdbReadStore, type ReadStore } from '@faultline/read-store';
import { KeyRegister } from '@faultline/security';
import { type Logger } from 'pino';

/** Everything that one process of the platform runs on. */
export type Platform = {
  readonly environment: Environment;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly events: EventStore;
  readonly documents: ReadStore;
  readonly keys: KeyStore;
  readonly codec: EventCodec;
  readonly runtime: CommandRuntime;
  readonly registers: Registers;
  readonly feed: RegisterFeed;
  readonly readSide: ReadSide;
  /** Where spooled imports live. */
  readonly workDirectory: string;
  close(): Promise<void>;
};

/** What commands know beyond their streams. */
export type Registers = {
  readonly teams: TeamRegister;
  readonly services: ServiceRegister;
  readonly persons: PersonRegister;
  readonly catalog: CatalogRegister;
  readonly keys: KeyRegister;
};

/** How a platform is put together: a clock that tests may turn, and whether projections run in a thread of their own. */
export type PlatformOptions = {
  readonly environment: Environment;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly projectionsInThread: boolean;
};

/** Opens the stores, folds the registers and starts the projections. Whatever fails, what was opened before it is closed again. */
export async function openPlatform(options: PlatformOptions): Promise<Platform> {
  const { environment, clock, logger } = options;
  const opened: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const end of opened.splice(0).reverse()) await end();
  };
  try {
    const directory = resolve(environment.eventStore.directory);
    await mkdir(directory, { recursive: true });
    const events = await openLmdbEventStore({ directory });
    opened.push(() => events.close());
    const documents = await openLmdbReadStore({ directory: resolve(environment.readStore.directory) });
    opened.push(() => documents.close());
    const keyDirectory = resolve(environment.keyStore.directory);
    const keys = await openFileKeyStore({ directory: keyDirectory, masterKey: environment.masterKey });
    opened.push(() => keys.close());
    const codec = new EventCodec(eventSchemas, keys);
    const runtime = new CommandRuntime({ store: events, codec, keys, clock });
    const registers = makeRegisters();
    const feed = new RegisterFeed(events, codec, Object.values(registers));
    await feed.start();
    opened.push(() => feed.stop());
    const readSide = await startReadSide(options, { events, documents, keys });
    opened.push(() => readSide.stop());
    const workDirectory = join(directory, 'imports');
    return {
      environment,
      clock,
      logger,
      events,
      documents,
      keys,
      codec,
      runtime,
      registers,
      feed,
      readSide,
      workDirectory,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

const makeRegisters = (): Registers => ({
  teams: new TeamRegister(),
  services: new ServiceRegister(),
  persons: new PersonRegister(),
  catalog: new CatalogRegister(),
  keys: new KeyRegister(),
});

async function startReadSide(
  { environment, clock, logger, projectionsInThread }: PlatformOptions,
  stores: { events: EventStore; documents: ReadStore; keys: KeyStore },
): Promise<ReadSide> {
  const onTrouble = (message: string, fatal: boolean) => {
    logger.error({ fatal }, `Projections: ${message}`);
  };
  if (!projectionsInThread) {
    const host = new ReadSideHost({ ...stores, clock, onTrouble });
    await host.start();
    return host;
  }
  const settings = {
    eventStore: resolve(environment.eventStore.directory),
    readStore: resolve(environment.readStore.directory),
    keyStore: resolve(environment.keyStore.directory),
    masterKey: environment.masterKey,
  };
  const worker = new WorkerReadSide(settings, { onTrouble });
  await worker.start();
  return worker;
}
