import { type EventStore } from '@faultline/event-store';
import { randomId, systemClock } from '@faultline/kernel';
import { firstLine, TroubleLog } from '@faultline/programs';
import { type KeyStore } from '@faultline/key-store';
import {
  projections,
  type ReadSide,
  ReadSideHost,
  ReportHost,
  SharedReadSide,
  shareOf,
  WorkerReadSide,
} from '@faultline/read-side';
import { type ReadStore } from '@faultline/read-store';
import { areShared, storeSettings } from '@faultline/stores';
import { type PlatformOptions } from './platform-options';

type Stores = { readonly events: EventStore; readonly documents: ReadStore; readonly keys: KeyStore };

/**
 * Starts the read side: alone on embedded stores; on servers, reports here and the models fed by whoever holds their leases, this
 * process among them unless the projections run elsewhere.
 */
export async function startReadSide(options: PlatformOptions, stores: Stores): Promise<ReadSide> {
  const { environment, clock, logger, projectionsRun, threads } = options;
  const troubles = new TroubleLog(systemClock);
  const onTrouble = (message: string, fatal: boolean) => {
    troubles.tell(firstLine(message), () => {
      logger.error({ fatal }, `Projections: ${message}`);
    });
  };
  const settings = storeSettings(environment);
  const owner = `process-${randomId()}`;
  if (!areShared(settings)) {
    if (!threads) {
      const host = new ReadSideHost({ ...stores, clock, onTrouble });
      await host.start();
      return host;
    }
    const worker = new WorkerReadSide({ stores: settings, work: 'everything', owner }, { onTrouble });
    await worker.start();
    return worker;
  }
  const { events, documents } = stores;
  const shared = { events, documents, clock, timer: systemClock, projections };
  if (threads) {
    const work = projectionsRun === 'here' ? 'reports-and-share' : 'reports';
    const worker = new WorkerReadSide({ stores: settings, work, owner }, { onTrouble });
    await worker.start();
    return new SharedReadSide({ ...shared, reports: worker });
  }
  const reports = new ReportHost(documents);
  if (projectionsRun === 'elsewhere') return new SharedReadSide({ ...shared, reports });
  const share = shareOf({ ...stores, clock: systemClock, owner, onTrouble });
  share.start();
  return new SharedReadSide({ ...shared, reports: { ...bound(reports), stop: () => share.stop() } });
}

/** The methods of a report host, to be put together with others. */
const bound = (host: ReportHost) => ({
  failure: host.failure,
  report: host.report.bind(host),
  incidentsBehind: host.incidentsBehind.bind(host),
  incidentsAsOf: host.incidentsAsOf.bind(host),
});
