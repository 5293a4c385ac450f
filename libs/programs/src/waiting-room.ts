import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';
import { type Clock, StoreUnavailable } from '@faultline/kernel';
import { type Logger } from 'pino';
import { TroubleLog } from './trouble-log';

/** Where a program listens. */
export type Address = { readonly host: string; readonly port: number };

const retryAfterSeconds = 5;
const backOff = { firstMs: 250, factor: 1.5, maxMs: 5_000 };

/** What a program answers about its health: `detail` is the body of /health/ready, 200 where it is ready. */
export type Health = () => Promise<{ readonly ready: boolean; readonly detail: object }>;

/** A server that answers nothing but its health, 503 for everything else. */
export class HealthServer {
  private constructor(
    private readonly server: Server,
    readonly address: Address,
  ) {}

  /** Listens; port 0 takes a free one. Rejects where the port is taken. */
  static async open({ host, port }: Address, health: Health): Promise<HealthServer> {
    const server = createServer((request, response) => {
      answer(request.url, response, health).catch(() => response.destroy());
    });
    server.listen(port, host);
    await once(server, 'listening');
    return new HealthServer(server, { host, port: (server.address() as AddressInfo).port });
  }

  async close(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }
}

async function answer(url: string | undefined, response: ServerResponse, health: Health): Promise<void> {
  const send = (status: number, body: object, headers: Readonly<Record<string, string>> = {}) => {
    response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers });
    response.end(JSON.stringify(body));
  };
  const path = url?.split('?')[0];
  if (path === '/health/live') {
    send(200, { status: 'live' });
    return;
  }
  if (path !== '/health/ready') {
    const headers = { 'content-type': 'application/problem+json', 'retry-after': String(retryAfterSeconds) };
    const title = 'This process does not serve requests now';
    send(503, { type: 'about:blank', title, status: 503, code: 'service.unavailable' }, headers);
    return;
  }
  const { ready, detail } = await health();
  send(ready ? 200 : 503, detail, ready ? {} : { 'retry-after': String(retryAfterSeconds) });
}

/** Whether an error says that a store is away or refuses this program: something that may pass without a restart. */
const mayPass = (error: unknown): error is Error =>
  error instanceof StoreUnavailable ||
  (error instanceof Error && error.name.endsWith('StoreUnusable') && Reflect.get(error, 'problem') !== 'bad-url');

/**
 * Opens what needs the stores, again and again until they let it. Meanwhile the program listens, lives, is not ready, and says why;
 * each cause is logged once a minute. Resolves with what was opened and the address that was kept free for it. Rejects with whatever does not
 * pass by itself.
 */
export async function openWhenPossible<Opened>(
  address: Address,
  { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
  open: () => Promise<Opened>,
): Promise<{ readonly opened: Opened; readonly address: Address }> {
  const troubles = new TroubleLog(clock);
  let cause = 'It is starting';
  const room = await HealthServer.open(address, () =>
    Promise.resolve({
      ready: false,
      detail: { status: 'not-ready', checks: { stores: { ok: false, detail: cause } } },
    }),
  );
  try {
    for (let delay = backOff.firstMs; ; delay = Math.min(delay * backOff.factor, backOff.maxMs)) {
      try {
        return { opened: await open(), address: room.address };
      } catch (error) {
        if (!mayPass(error)) throw error;
        troubles.tell(error.message, () => {
          logger.error({ code: error.name }, `Waiting for the stores: ${error.message}`);
        });
        cause = error.message;
        await clock.wait(delay);
      }
    }
  } finally {
    await room.close();
  }
}
