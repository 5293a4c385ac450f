import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, request as httpRequest, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { randomId } from '@faultline/kernel';

/** The header of a request for which an answer that says «unavailable» is the answer. */
export const onceHeader = 'x-test-once';

type Answer = { readonly status: number; readonly headers: IncomingHttpHeaders; readonly body: Buffer };
type Ask = {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
};

/**
 * What stands before a gateway that dies now and then, as a load balancer and a careful client would: a request whose answer was lost
 * is sent again to the process that comes after, a command under an Idempotency-Key, so that it is carried out once.
 */
export class Front {
  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  /** `gateway` resolves with the address of a gateway that runs, once there is one. */
  static async open(gateway: () => Promise<string>): Promise<Front> {
    const server = createServer((request, response) => {
      const answering = async () => {
        const chunks: Buffer[] = [];
        for await (const chunk of request) chunks.push(chunk as Buffer);
        const { method = 'GET', url: path = '/', headers } = request;
        const ask = { method, path, headers: withKey(method, headers), body: Buffer.concat(chunks) };
        const { status, headers: answered, body } = await askUntilAnswered(gateway, ask);
        delete answered['transfer-encoding'];
        response.writeHead(status, answered).end(body);
      };
      answering().catch(() => response.destroy());
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Front(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  }

  async close(): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
    return Promise.resolve();
  }
}

const withKey = (method: string, headers: IncomingHttpHeaders): IncomingHttpHeaders =>
  method === 'POST' && headers['idempotency-key'] === undefined
    ? { ...headers, 'idempotency-key': randomId() }
    : headers;

async function askUntilAnswered(gateway: () => Promise<string>, ask: Ask): Promise<Answer> {
  for (;;) {
    const answer = await send(await gateway(), ask).catch(() => undefined);
    const isAway = answer?.status === 503 && !ask.path.startsWith('/health') && ask.headers[onceHeader] === undefined;
    if (answer && !isAway) return answer;
    await new Promise(setImmediate);
  }
}

function send(url: string, { method, path, headers, body }: Ask): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const request = httpRequest({ hostname, port, method, path, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('close', () => {
        const { statusCode = 0, headers: answered, complete } = response;
        if (complete) resolve({ status: statusCode, headers: answered, body: Buffer.concat(chunks) });
        else reject(new Error('The answer broke off'));
      });
    });
    request.on('error', reject);
    request.end(body);
  });
}
