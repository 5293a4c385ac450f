import { type Environment } from '@faultline/config';
import { type Clock, randomId, systemClock } from '@faultline/kernel';
import {
  firstLine,
  type Health,
  HealthServer,
  makeLogger,
  openWhenPossible,
  Probe,
  TroubleLog,
} from '@faultline/programs';
import { type SharedProjections } from '@faultline/projections';
import { shareOf } from '@faultline/read-side';
import { openEventStore, openKeyStore, openReadStore, openTogether, storeSettings } from '@faultline/stores';
import { type Logger } from 'pino';

/** A projector that takes its share. */
export type RunningProjector = {
  /** Where its health is. */
  readonly url: string;
  /** The models that it feeds at the moment. */
  models(): readonly string[];
  /** Finishes the batch at hand, leaves its models to others, and lets go of everything. */
  close(): Promise<void>;
};

export type ProjectorOptions = { readonly environment: Environment; readonly clock?: Clock; readonly logger?: Logger };

/** Takes a share in feeding the read models, beside other projectors, and serves its health. Waits for stores that are away. */
export async function startProjector(options: ProjectorOptions): Promise<RunningProjector> {
  const { environment, clock = systemClock } = options;
  const logger = options.logger ?? makeLogger(environment.logLevel);
  const wanted = { host: environment.host, port: environment.port };
  const { opened, address } = await openWhenPossible(wanted, { clock, logger }, () => openStores(environment));
  const { stores, close } = opened;
  const owner = `projector-${randomId()}`;
  const troubles = new TroubleLog(clock);
  const onTrouble = (message: string, fatal: boolean) => {
    troubles.tell(firstLine(message), () => {
      logger.error({ fatal }, `Projections: ${message}`);
    });
  };
  const share = shareOf({ ...stores, clock, owner, onTrouble });
  share.start();
  const health = await HealthServer.open(address, healthOf(stores, share));
  return {
    url: `http://${health.address.host}:${health.address.port}`,
    models: () => share.models,
    close: async () => {
      await health.close();
      await share.stop();
      await close();
    },
  };
}

/** Ready while both stores answer and its models go on. */
function healthOf({ events, documents }: Stores, share: SharedProjections): Health {
  const answers = (ask: () => Promise<unknown>) => new Probe(() => ask().then(() => ({})), systemClock);
  const probes = [answers(() => events.head()), answers(() => documents.liveVersion('incidents'))];
  return async () => {
    const [eventStore, readStore] = await Promise.all(probes.map((probe) => probe.check()));
    const { failure } = share.host;
    const projections = { ok: !failure, models: share.models, ...(failure && { detail: failure.message }) };
    const checks = { eventStore, readStore, projections };
    const ready = Object.values(checks).every((check) => check?.ok);
    return { ready, detail: { status: ready ? 'ready' : 'not-ready', checks } };
  };
}

type Stores = Awaited<ReturnType<typeof openStores>>['stores'];

function openStores(environment: Environment) {
  const settings = storeSettings(environment);
  return openTogether(async (keep) => {
    const events = keep(await openEventStore(settings, 'follower'));
    const documents = keep(await openReadStore(settings));
    const keys = keep(await openKeyStore(settings, 'follower'));
    return { events, documents, keys };
  });
}
