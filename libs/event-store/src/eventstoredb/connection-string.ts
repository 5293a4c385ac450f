import { StoreUnusable } from '../event-store.errors';

/** A connection string taken apart: what the client is given, what may be shown, and what must never be. */
export type Connection = {
  /** In the one spelling that the client knows, with the credentials encoded. Secret. */
  readonly url: string;
  /** Where the client asks a node for the others: each of those nodes by itself. Secret too. */
  readonly seeds: readonly string[];
  /** `host:port`, or several with commas: fit for messages. */
  readonly hosts: string;
  readonly tls: boolean;
  /** Takes the credentials out of a text, in whatever form they stand in it. */
  readonly redact: (text: string) => string;
};

const protocols: Readonly<Record<string, string>> = {
  esdb: 'esdb',
  'esdb+discover': 'esdb+discover',
  kurrent: 'esdb',
  'kurrent+discover': 'esdb+discover',
  kurrentdb: 'esdb',
  'kurrentdb+discover': 'esdb+discover',
};

const defaultPort = 2113;

// By their spelling in lower case without hyphens and underscores, as the client compares them.
const options: Readonly<Record<string, string>> = Object.fromEntries(
  [
    'connectionName',
    'defaultDeadline',
    'discoveryInterval',
    'gossipTimeout',
    'keepAliveInterval',
    'keepAliveTimeout',
    'maxDiscoverAttempts',
    'nodePreference',
    'tls',
    'tlsCAFile',
    'userCertFile',
    'userKeyFile',
  ].map((name) => [name.toLowerCase(), name]),
);

/**
 * Reads `esdb://`, `esdb+discover://` and their `kurrentdb` spellings. Throws StoreUnusable, which names the fault and no credentials:
 * the client itself would print the whole string where it does not know an option.
 */
export function parseConnection(text: string): Connection {
  const match = /^([a-z+]+):\/\/(?:(.*)@)?([^@/?]+)\/?(?:\?(.*))?$/i.exec(text.trim());
  const protocol = protocols[match?.[1]?.toLowerCase() ?? ''];
  if (!match || protocol === undefined) throw unreadable('expected esdb://host:port or esdb+discover://host:port');
  const credentials = parseCredentials(match[2]);
  const hosts = parseHosts(match[3] ?? '');
  const query = parseOptions(match[4] ?? '');
  const login = credentials ? `${credentials.map(encodeURIComponent).join(':')}@` : '';
  const search = [...query].map(([name, value]) => `${name}=${value}`).join('&');
  const urlOf = (scheme: string, host: string) => `${scheme}://${login}${host}${search === '' ? '' : `?${search}`}`;
  const nodes = hosts.split(',');
  const asks = protocol === 'esdb+discover' || nodes.length > 1;
  return {
    url: urlOf(protocol, hosts),
    seeds: asks ? nodes.map((node) => urlOf('esdb', node)) : [],
    hosts,
    tls: query.get('tls') !== 'false',
    redact: redactor(credentials, match[2]),
  };
}

const unreadable = (fault: string): StoreUnusable =>
  new StoreUnusable('bad-url', `The URL of the event store cannot be read: ${fault}`);

function parseCredentials(text: string | undefined): [string, string] | undefined {
  if (text === undefined) return undefined;
  const colon = text.indexOf(':');
  if (colon < 1) throw unreadable('expected user:password before the @');
  return [decoded(text.slice(0, colon)), decoded(text.slice(colon + 1))];
}

/** What is not percent-encoded is taken as it stands. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function parseHosts(text: string): string {
  return text
    .split(',')
    .map((host) => {
      const [, name, port] = /^([a-z0-9._-]+)(?::(\d+))?$/i.exec(host.trim()) ?? [];
      if (name === undefined) throw unreadable('a host has a name, and a port from 1 to 65535');
      const number = port === undefined ? defaultPort : Number(port);
      if (number < 1 || number > 65_535) throw unreadable('a host has a name, and a port from 1 to 65535');
      return `${name}:${number}`;
    })
    .join(',');
}

function parseOptions(text: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const pair of text.split('&').filter((part) => part !== '')) {
    const [key = '', value = ''] = pair.split('=');
    const flat = key.toLowerCase().replace(/[_-]/g, '');
    // The client returns wrong revisions with it: see docs/adr/0008-eventstoredb-client.md.
    if (flat === 'throwonappendfailure') continue;
    if (flat === 'tlsverifycert' && value === 'true') continue;
    if (flat === 'tlsverifycert') throw unreadable('certificates are always verified; name the authority in tlsCAFile');
    const name = options[flat];
    if (name === undefined || value === '') throw unreadable(`${JSON.stringify(key)} is no option, or has no value`);
    found.set(name, value);
  }
  return found;
}

function redactor(credentials: [string, string] | undefined, raw: string | undefined): (text: string) => string {
  if (!credentials || raw === undefined) return (text) => text;
  const [user, password] = credentials;
  const secrets = [
    password,
    encodeURIComponent(password),
    raw.slice(raw.indexOf(':') + 1),
    Buffer.from(`${user}:${password}`).toString('base64'),
  ].filter((secret) => secret !== '');
  return (text) => secrets.reduce((clean, secret) => clean.replaceAll(secret, '***'), text);
}
