import { NodeServer, SharedLog, type EventStoreDbServer, type ServerOptions } from './server';

export { startCluster, type EventStoreDbCluster } from './cluster';
export type { Misbehaviour } from './misbehaviour';
export type { EventStoreDbServer, ServerOptions } from './server';

/** Starts a single node; rejects where its port is taken or its directory cannot be written. */
export async function startEventStoreDbServer(options: ServerOptions = {}): Promise<EventStoreDbServer> {
  const server = new NodeServer(options, new SharedLog(options.directory, options.now ?? Date.now));
  await server.start();
  return server;
}
