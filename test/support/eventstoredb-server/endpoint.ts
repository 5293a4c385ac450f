/**
 * The network end of a node: a port, the connections to it, and the services behind them.
 *
 * The connections are accepted here and handed to gRPC, so that they can be destroyed: to a client that is what the death of
 * a server looks like (UNAVAILABLE). A server that stops in order ends its calls with CANCELLED first.
 */
import { Server, ServerCredentials, type sendUnaryData } from '@grpc/grpc-js';
import { GossipService } from '@eventstore/db-client/generated/gossip_grpc_pb';
import { ServerFeaturesService } from '@eventstore/db-client/generated/serverfeatures_grpc_pb';
import { StreamsService } from '@eventstore/db-client/generated/streams_grpc_pb';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server as TcpServer, type Socket } from 'node:net';
import { batchAppend } from './batch-service';
import { gossip, supportedMethods } from './discovery-service';
import { failures } from './errors';
import type { Node } from './node';
import { read } from './read-service';
import { append, deleteCall, tombstoneCall } from './write-service';

/** A certificate and its key, as PEM. */
export type Tls = { readonly key: string | Buffer; readonly certificate: string | Buffer };

/** An open port. */
export type Endpoint = {
  readonly port: number;
  /** Destroys one connection, given as `address:port` of its other end. */
  drop(peer: string): void;
  /** Ends every call with CANCELLED, then closes. */
  stop(): Promise<void>;
  /** Destroys every connection and closes. */
  kill(): Promise<void>;
};

// Events come as bytes that are serialized already.
const streamsService = {
  ...StreamsService,
  read: { ...StreamsService.read, responseSerialize: (bytes: Buffer) => bytes },
};

function grpcServerOf(node: Node): Server {
  const server = new Server({ 'grpc.max_receive_message_length': 17 * 1024 * 1024 });
  server.addService(streamsService, {
    read: (call: Parameters<typeof read>[1]) => {
      read(node, call);
    },
    batchAppend: (call: Parameters<typeof batchAppend>[1]) => {
      batchAppend(node, call);
    },
    append: unary(node, append),
    delete: unary(node, deleteCall),
    tombstone: unary(node, tombstoneCall),
  });
  server.addService(GossipService, { read: unary(node, gossip) });
  server.addService(ServerFeaturesService, { getSupportedMethods: unary(node, supportedMethods) });
  return server;
}

const unary =
  <Call, Answer>(node: Node, handler: (node: Node, call: Call, callback: sendUnaryData<Answer>) => void) =>
  (call: Call, callback: sendUnaryData<Answer>): void => {
    handler(node, call, callback);
  };

const credentialsOf = (tls: Tls | undefined): ServerCredentials =>
  tls === undefined
    ? ServerCredentials.createInsecure()
    : ServerCredentials.createSsl(null, [
        { private_key: Buffer.from(tls.key), cert_chain: Buffer.from(tls.certificate) },
      ]);

async function listen(tcp: TcpServer, host: string, port: number): Promise<number> {
  tcp.listen(port, host);
  await once(tcp, 'listening');
  return (tcp.address() as AddressInfo).port;
}

/** Serves a node at a port of the host, at any free one if it is 0; rejects if the port is taken. */
export async function openEndpoint(
  node: Node,
  { host, port, tls }: { readonly host: string; readonly port: number; readonly tls?: Tls },
): Promise<Endpoint> {
  const server = grpcServerOf(node);
  const injector = server.createConnectionInjector(credentialsOf(tls));
  const sockets = new Set<Socket>();
  const tcp = createServer((socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    injector.injectConnection(socket);
  });
  const bound = await listen(tcp, host, port);
  const close = async () => {
    const closed = once(tcp, 'close');
    tcp.close();
    for (const socket of sockets) socket.destroy();
    server.forceShutdown();
    await closed;
  };
  return {
    port: bound,
    drop: (peer) => {
      for (const socket of sockets) if (peer.endsWith(`:${socket.remotePort ?? ''}`)) socket.destroy();
    },
    stop: async () => {
      node.calls.end(failures.cancelled());
      await new Promise<void>((resolve) => {
        server.tryShutdown(() => {
          resolve();
        });
      });
      await close();
    },
    kill: close,
  };
}
