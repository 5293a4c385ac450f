import { parentPort, workerData } from 'node:worker_threads';
import { followLmdbEventStore } from '@faultline/event-store';
import { DomainError, systemClock } from '@faultline/kernel';
import { openFileKeyStore } from '@faultline/key-store';
import { surviveFailedCommits } from '@faultline/lmdb-files';
import { openLmdbReadStore } from '@faultline/read-store';
import { type ErrorMessage, type RequestMessage, type WorkerMessage, type WorkerSettings } from './messages';
import { ReadSideHost } from './read-side-host';

// The entry of the worker thread: opens its own view of the stores, runs the pump, and answers what the main thread asks.

const port = parentPort;
if (!port) throw new Error('This program is started as a worker thread');

const send = (message: WorkerMessage): void => {
  port.postMessage(message);
};

const toMessage = (error: unknown): ErrorMessage => {
  if (error instanceof DomainError) {
    const { kind, code, fields } = error;
    return { message: error.message, name: error.name, domain: { kind, code, fields } };
  }
  return error instanceof Error
    ? { message: error.stack ?? error.message, name: error.name }
    : { message: String(error), name: 'Error' };
};

async function run(): Promise<void> {
  surviveFailedCommits();
  const settings = workerData as WorkerSettings;
  const events = await followLmdbEventStore({ directory: settings.eventStore });
  const documents = await openLmdbReadStore({ directory: settings.readStore });
  const keys = await openFileKeyStore({ directory: settings.keyStore, masterKey: settings.masterKey, readOnly: true });
  const host = new ReadSideHost({
    events,
    documents,
    keys,
    clock: systemClock,
    onPosition: (position) => {
      send({ kind: 'position', position });
    },
    onTrouble: (message, fatal) => {
      send({ kind: 'trouble', message, fatal });
    },
  });
  const methods: Readonly<Record<string, (...args: never[]) => Promise<unknown>>> = {
    status: () => host.status(),
    rebuild: (name: string) => host.rebuild(name),
    report: (name: string, query: never) => host.report(name, query),
    incidentsBehind: (name: string, query: never) => host.incidentsBehind(name, query),
    incidentsAsOf: (query: never) => host.incidentsAsOf(query),
    stop: async () => {
      await host.stop();
      await documents.close();
      await events.close();
    },
  };
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
  await host.start();
  send({ kind: 'ready' });
}

run().catch((error: unknown) => {
  send({ kind: 'trouble', message: toMessage(error).message, fatal: true });
  throw error;
});
