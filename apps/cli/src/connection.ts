import { readEnvironment } from '@faultline/config';
import { startServer } from '@faultline/gateway';
import { Api } from './api';
import { UserError } from './explain';

/** Options of every command that speaks to a server. */
export type ServerOptions = { readonly url?: string; readonly key?: string };

const unlimited = 100_000_000;

/**
 * Gives `action` a server to speak to: the one that is named, else the one that runs on HOST and PORT, else one of its own that opens
 * the stores, listens on the loopback only, and ends with the command.
 */
export async function withApi(options: ServerOptions, action: (api: Api) => Promise<void>): Promise<void> {
  const named = options.url ?? process.env['FAULTLINE_URL'];
  if (named !== undefined) {
    await action(new Api(urlOf(named), keyFor(options)));
    return;
  }
  const environment = readEnvironment(process.env);
  const host = ['0.0.0.0', '::'].includes(environment.host) ? '127.0.0.1' : environment.host;
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${environment.port}`;
  if (await answers(url)) {
    await action(new Api(url, keyFor(options)));
    return;
  }
  const local = { ...environment, host: '127.0.0.1', port: 0, rateLimitPerMinute: unlimited };
  const server = await startServer({ environment: local });
  try {
    await action(new Api(server.url, server.admitOperator()));
  } finally {
    await server.close();
  }
}

function urlOf(text: string): string {
  if (URL.canParse(text)) return text;
  throw new UserError(`${text} is no URL, for example http://localhost:3000`);
}

function keyFor({ key }: ServerOptions): string {
  const found = key ?? process.env['FAULTLINE_API_KEY'] ?? process.env['FAULTLINE_ADMIN_KEY'];
  if (found !== undefined) return found;
  throw new UserError('a server runs: give it an API key by --key or FAULTLINE_API_KEY');
}

/** Whether a Faultline listens there. */
async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(new URL('/health/live', url), { signal: AbortSignal.timeout(2_000) });
    const { status } = (await response.json()) as { status?: unknown };
    return status === 'live';
  } catch {
    return false;
  }
}
