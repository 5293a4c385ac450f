/**
 * Three nodes over one log. One of them leads; a client finds it by gossip, or is told by a node that does not lead.
 *
 * Real followers receive the log from the leader and are a moment behind; these are not behind. When the leader dies the
 * others elect a new one, which here a test does by `moveLeader`.
 */
import { NodeServer, SharedLog, type EventStoreDbServer, type ServerOptions } from './server';

/** Three running servers. */
export type EventStoreDbCluster = {
  readonly nodes: readonly EventStoreDbServer[];
  /** All three hosts, of which the client asks any for the others. */
  readonly connectionString: string;
  /** The first host, by `esdb+discover://`. */
  readonly discoveryString: string;
  readonly leader: EventStoreDbServer;
  /** Makes a node the leader, as an election would; open calls stay where they are. */
  moveLeader(index: number): void;
  stop(): Promise<void>;
};

/** Starts three nodes on free ports, the first of which leads. */
export async function startCluster(options: Omit<ServerOptions, 'port' | 'tls'> = {}): Promise<EventStoreDbCluster> {
  const log = new SharedLog(options.directory, options.now ?? Date.now);
  let leader = 0;
  const nodes: NodeServer[] = [];
  for (const index of [0, 1, 2]) {
    const peers = { members: () => nodes.map(({ member }) => member), isLeader: () => leader === index };
    nodes.push(new NodeServer(options, log, peers));
  }
  await Promise.all(nodes.map((node) => node.start()));
  const hosts = nodes.map(({ port }) => `127.0.0.1:${port}`);
  return {
    nodes,
    connectionString: `esdb://${hosts.join(',')}?tls=false`,
    discoveryString: `esdb+discover://${hosts[0] ?? ''}?tls=false`,
    get leader() {
      return nodeAt(nodes, leader);
    },
    moveLeader: (index) => {
      nodeAt(nodes, index);
      leader = index;
    },
    stop: async () => {
      await Promise.all(nodes.map((node) => node.stop()));
    },
  };
}

function nodeAt(nodes: readonly NodeServer[], index: number): NodeServer {
  const node = nodes[index];
  if (node === undefined) throw new RangeError(`There is no node ${index}`);
  return node;
}
