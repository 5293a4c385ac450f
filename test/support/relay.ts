import { once } from 'node:events';
import { type AddressInfo, createServer, connect, type Socket } from 'node:net';

/** A TCP relay before a server, which can cut it off. */
export type Relay = {
  readonly port: number;
  /** Drops every connection and refuses new ones. */
  cut(): void;
  /** Keeps connections, takes new ones, and lets nothing through any more. */
  stall(): void;
  mend(): void;
  close(): Promise<void>;
};

/** Relays a free port of this machine to a server. */
export async function relayTo(host: string, port: number): Promise<Relay> {
  const sockets = new Set<Socket>();
  let state: 'whole' | 'cut' | 'stalled' = 'whole';
  const server = createServer((near) => {
    near.on('error', () => undefined);
    if (state === 'cut') near.destroy();
    if (state === 'stalled') sockets.add(near);
    if (state !== 'whole') return;
    const far = connect(port, host);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one.pipe(other);
      one.on('error', () => undefined);
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const drop = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    cut: () => {
      state = 'cut';
      drop();
    },
    stall: () => {
      state = 'stalled';
      for (const socket of sockets) socket.pause();
    },
    mend: () => {
      state = 'whole';
    },
    close: async () => {
      drop();
      server.close();
      await once(server, 'close');
    },
  };
}

const hosts = /^(mongodb:\/\/(?:[^@/]*@)?)([^,:/?]+)(?::(\d+))?[^/?]*/;

/** A relay before the (first) server of a URL of MongoDB, and the URL that leads through it; a server that is away is noticed soon. */
export async function relayToMongoDb(url: string): Promise<Relay & { readonly url: string }> {
  const [, start = '', host = '', port = '27017'] = hosts.exec(url) ?? [];
  const relay = await relayTo(host, Number(port));
  const direct = new URL(url.replace(hosts, `${start}127.0.0.1:${relay.port}`));
  direct.searchParams.delete('replicaSet');
  direct.searchParams.set('directConnection', 'true');
  direct.searchParams.set('serverSelectionTimeoutMS', '300');
  direct.searchParams.set('connectTimeoutMS', '300');
  return { ...relay, url: direct.href };
}
