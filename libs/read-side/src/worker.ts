import { parentPort, workerData } from 'node:worker_threads';
import { type Clock, DomainError, systemClock } from '@faultline/kernel';
import { surviveFailedCommits } from '@faultline/lmdb-files';
import { openEventStore, openKeyStore, openReadStore } from '@faultline/stores';
import { type ErrorMessage, type RequestMessage, type WorkerMessage, type WorkerSettings } from './messages';
import { type ReportSide } from './read-side';
import { ReadSideHost } from './read-side-host';
import { ReportHost } from './report-host';
import { shareOf } from './share';

// The entry of the worker thread: opens its own view of the stores, does the work it is given, and answers what the main thread asks.

const port = parentPort;
if (!port) throw new Error('This program is started as a worker thread');

const clock: Clock = systemClock;

const send = (message: WorkerMessage): void => {
  port.postMessage(message);
};

/** Says what is wrong by its message alone, and may pass. */
const isOfStore = ({ name }: Error): boolean => name === 'StoreUnavailable' || name.endsWith('StoreUnusable');

const toMessage = (error: unknown): ErrorMessage => {
  if (error instanceof DomainError) {
    const { kind, code, fields } = error;
    return { message: error.message, name: error.name, domain: { kind, code, fields } };
  }
  if (!(error instanceof Error)) return { message: String(error), name: 'Error' };
  const { name, message, stack = message } = error;
  return { name, message: isOfStore(error) ? message : stack };
};

const onTrouble = (message: string, fatal: boolean) => {
  send({ kind: 'trouble', message, fatal });
};

type Methods = Readonly<Record<string, (...args: never[]) => Promise<unknown>>>;

const reportMethods = (host: ReportSide): Methods => ({
  report: (name: string, query: never, now: number) => host.report(name, query, now),
  incidentsBehind: (name: string, query: never, now: number) => host.incidentsBehind(name, query, now),
  incidentsAsOf: (query: never) => host.incidentsAsOf(query),
});

/** The read side of a process that is alone. */
async function everything({ stores }: WorkerSettings): Promise<Methods> {
  const events = await openEventStore(stores, 'follower');
  const documents = await openReadStore(stores);
  const keys = await openKeyStore(stores, 'follower');
  const onPosition = (position: string) => {
    send({ kind: 'position', position });
  };
  const host = new ReadSideHost({ events, documents, keys, clock, onPosition, onTrouble });
  await host.start();
  return {
    ...reportMethods(host),
    status: () => host.status(),
    rebuild: (name: string) => host.rebuild(name),
    stop: async () => {
      await host.stop();
      for (const store of [keys, documents, events]) await store.close();
    },
  };
}

/** Reports over models that several processes feed. */
async function reports({ stores }: WorkerSettings): Promise<Methods> {
  const documents = await openReadStore(stores);
  return { ...reportMethods(new ReportHost(documents)), stop: () => documents.close() };
}

/** Reports, and this process's share in feeding the models. */
async function reportsAndShare({ stores, owner }: WorkerSettings): Promise<Methods> {
  const events = await openEventStore(stores, 'follower');
  const documents = await openReadStore(stores);
  const keys = await openKeyStore(stores, 'follower');
  const share = shareOf({ events, documents, keys, clock, owner, onTrouble });
  share.start();
  const stop = async () => {
    await share.stop();
    for (const store of [keys, documents, events]) await store.close();
  };
  return { ...reportMethods(new ReportHost(documents)), stop };
}

const works = { everything, reports, 'reports-and-share': reportsAndShare };

async function run(): Promise<void> {
  surviveFailedCommits();
  const settings = workerData as WorkerSettings;
  const methods = await works[settings.work](settings);
  port?.on('message', ({ id, method, args }: RequestMessage) => {
    const answer = methods[method]?.(...(args as never[])) ?? Promise.reject(new Error(`Unknown method ${method}`));
    answer.then(
      (value) => {
        send({ kind: 'answer', id, value });
      },
      (error: unknown) => {
        send({ kind: 'error', id, error: toMessage(error) });
      },
    );
  });
  send({ kind: 'ready' });
}

run().catch((error: unknown) => {
  send({ kind: 'failed', error: toMessage(error) });
});
