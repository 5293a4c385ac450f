import { resolve } from 'node:path';
import { CommandRuntime, EventCodec, RegisterFeed } from '@faultline/commands';
import { CatalogRegister } from '@faultline/catalog';
import { type BlobStore } from '@faultline/blob-store';
import { type Environment } from '@faultline/config';
import { type EventStore } from '@faultline/event-store';
import { type Clock, systemClock } from '@faultline/kernel';
import { type KeyStore } from '@faultline/key-store';
import { PersonRegister, ServiceRegister, TeamRegister } from '@faultline/organisation';
import { eventSchemas, type ReadSide } from '@faultline/read-side';
import { TroubleLog } from '@faultline/programs';
import { type ReadStore } from '@faultline/read-store';
import { KeyRegister } from '@faultline/security';
import { openBlobStore, openEventStore, openKeyStore, openReadStore, storeSettings } from '@faultline/stores';
import { type Logger } from 'pino';
import { type PlatformOptions } from './platform-options';
import { startReadSide } from './start-read-side';

/** Everything that one process of the platform runs on. */
export type Platform = {
  readonly environment: Environment;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly events: EventStore;
  readonly documents: ReadStore;
  readonly keys: KeyStore;
  readonly blobs: BlobStore;
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

/** Opens the stores, folds the registers and starts the projections. Whatever fails, what was opened before it is closed again. */
export async function openPlatform(options: PlatformOptions): Promise<Platform> {
  const { environment, clock, logger } = options;
  const opened: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const end of opened.splice(0).reverse()) await end();
  };
  try {
    const settings = storeSettings(environment);
    const events = await openEventStore(settings, 'writer');
    opened.push(() => events.close());
    const documents = await openReadStore(settings);
    opened.push(() => documents.close());
    const keys = await openKeyStore(settings, 'writer');
    opened.push(() => keys.close());
    const blobs = await openBlobStore(settings);
    opened.push(() => blobs.close());
    const codec = new EventCodec(eventSchemas, keys);
    const runtime = new CommandRuntime({ store: events, codec, keys, clock, patienceMs: environment.storeTimeoutMs });
    const registers = makeRegisters();
    const troubles = new TroubleLog(systemClock);
    const feed = new RegisterFeed(events, codec, Object.values(registers), (error) => {
      const message = error instanceof Error ? error.message : String(error);
      troubles.tell(message, () => {
        logger.error(`Registers: ${message}`);
      });
    });
    await feed.start();
    opened.push(() => feed.stop());
    const readSide = await startReadSide(options, { events, documents, keys });
    opened.push(() => readSide.stop());
    const workDirectory = resolve(environment.workDirectory);
    return {
      environment,
      clock,
      logger,
      events,
      documents,
      keys,
      blobs,
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
