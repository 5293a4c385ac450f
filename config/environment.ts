import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A directory that holds one of the embedded stores. */
export type EmbeddedStore = { readonly kind: 'embedded'; readonly directory: string };

/** A server or cluster by its connection string, which may hold a password: print it by {@link nameOfStore} alone. */
export type EventStoreDb = { readonly kind: 'eventstoredb'; readonly url: string };
export type MongoDb = { readonly kind: 'mongodb'; readonly url: string };

/** Where a store is, for people: the directory, or the connection string without user and password. */
export function nameOfStore(store: EmbeddedStore | EventStoreDb | MongoDb): string {
  return store.kind === 'embedded' ? store.directory : store.url.replace(/\/\/[^@/]*@/, '//');
}

/** Everything that the environment says, checked. */
export type Environment = {
  readonly port: number;
  readonly host: string;
  readonly eventStore: EmbeddedStore | EventStoreDb;
  readonly readStore: EmbeddedStore | MongoDb;
  readonly keyStore: EmbeddedStore | MongoDb;
  readonly blobStore: EmbeddedStore | MongoDb;
  /** How long a store may take to answer before the command or query that waits for it is given up, in ms. */
  readonly storeTimeoutMs: number;
  /** Where uploads are spooled and sorted before they are imported. */
  readonly workDirectory: string;
  readonly adminKey: string | undefined;
  readonly masterKey: string | undefined;
  readonly rateLimitPerMinute: number;
  readonly logLevel: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';
};

/** One variable that is wrong. */
export type EnvironmentFault = { readonly variable: string; readonly problem: string; readonly example: string };

/** The environment cannot be used: every fault at once, none with a secret's value. */
export class EnvironmentError extends Error {
  override readonly name = 'EnvironmentError';

  constructor(readonly faults: readonly EnvironmentFault[]) {
    super(
      faults
        .map(({ variable, problem, example }) => `${variable} ${problem}, for example ${variable}=${example}`)
        .join('\n'),
    );
  }
}

type Source = Readonly<Record<string, string | undefined>>;

const levels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
const secretLength = 24;

type StoreKinds<Server extends EventStoreDb | MongoDb> = {
  /** What a directory is introduced by. */
  readonly directory: 'lmdb' | 'file';
  readonly server: { readonly kind: Server['kind']; readonly schemes: readonly string[] };
  /** Where the variable is absent; by default a directory. */
  readonly fallback?: Server | undefined;
};

const eventStoreDb = {
  kind: 'eventstoredb',
  schemes: ['esdb', 'esdb+discover', 'kurrentdb', 'kurrentdb+discover', 'kdb', 'kdb+discover'],
} as const;
const mongoDb = { kind: 'mongodb', schemes: ['mongodb', 'mongodb+srv'] } as const;

/** Several hosts, which no URL of the web has, count as one. */
const canBeUrl = (text: string): boolean =>
  URL.canParse(text.replace(/^[a-z+]+:/, 'http:').replace(/(\/\/(?:[^@/]*@)?[^,/?]+)[^/?]*/, '$1'));

class Reader {
  readonly faults: EnvironmentFault[] = [];

  constructor(private readonly source: Source) {}

  fault(variable: string, problem: string, example: string): undefined {
    this.faults.push({ variable, problem, example });
    return undefined;
  }

  text(variable: string): string | undefined {
    const value = this.source[variable]?.trim();
    return value === '' ? undefined : value;
  }

  /** Whether a fault names this variable or the file that holds it. */
  names(variable: string): boolean {
    return this.faults.some((fault) => fault.variable === variable || fault.variable === `${variable}_FILE`);
  }

  integer(variable: string, fallback: number, most: number): number {
    const value = this.text(variable);
    if (value === undefined) return fallback;
    const number = /^\d{1,9}$/.test(value) ? Number(value) : NaN;
    if (number <= most) return number;
    this.fault(variable, `must be a whole number from 0 to ${most}`, String(fallback));
    return fallback;
  }

  /** A secret, given itself or as the path of a file that holds it. */
  secret(variable: string): string | undefined {
    const path = this.text(`${variable}_FILE`);
    const value = this.text(variable);
    if (path !== undefined && value !== undefined) {
      this.fault(`${variable}_FILE`, `must not be given beside ${variable}`, '/run/secrets/key');
      return;
    }
    const secret = path === undefined ? value : this.file(`${variable}_FILE`, path);
    if (secret === undefined || secret.length >= secretLength) return secret;
    this.fault(variable, `must have at least ${secretLength} characters`, 'a-long-and-random-secret-text');
  }

  /** A connection string, given itself or as the path of a file that holds it; undefined where the variable is absent. */
  private location(variable: string): string | undefined {
    const path = this.text(`${variable}_FILE`);
    const value = this.text(variable);
    if (path === undefined || value === undefined) {
      return path === undefined ? value : this.file(`${variable}_FILE`, path);
    }
    this.fault(`${variable}_FILE`, `must not be given beside ${variable}`, '/run/secrets/store');
    return value;
  }

  /** One of the stores: a directory, or a server of the kind that the variable takes. */
  store<Server extends EventStoreDb | MongoDb>(
    variable: string,
    { directory, server, fallback }: StoreKinds<Server>,
  ): EmbeddedStore | Server {
    const value = this.location(variable);
    if (value === undefined) return fallback ?? { kind: 'embedded', directory: './data' };
    const isServer = server.schemes.some((scheme) => value.startsWith(`${scheme}://`));
    if (isServer && canBeUrl(value)) return { kind: server.kind, url: value } as Server;
    const path = value.startsWith(`${directory}:`) ? value.slice(directory.length + 1) : '';
    if (path === '') {
      const takes = `${directory}: and a directory, or a connection string ${server.schemes[0] ?? ''}://…`;
      this.fault(variable, `must be ${takes}`, `${directory}:./data`);
    }
    return { kind: 'embedded', directory: path };
  }

  private file(variable: string, path: string): string | undefined {
    try {
      return readFileSync(path, 'utf8').trim();
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? 'unreadable';
      this.fault(variable, `names a file that cannot be read (${code})`, '/run/secrets/key');
      return;
    }
  }
}

/** Reads and checks the environment. Throws EnvironmentError with all that is wrong. */
export function readEnvironment(source: Source): Environment {
  const reader = new Reader(source);
  const level = reader.text('LOG_LEVEL') ?? 'warn';
  const logLevel = levels.find((name) => name === level);
  if (!logLevel) reader.fault('LOG_LEVEL', `must be one of ${levels.join(', ')}`, 'warn');
  const readStore = reader.store<MongoDb>('READ_STORE', { directory: 'lmdb', server: mongoDb });
  const fallback = readStore.kind === 'mongodb' ? readStore : undefined;
  const eventStore = reader.store<EventStoreDb>('EVENT_STORE', { directory: 'lmdb', server: eventStoreDb });
  const environment: Environment = {
    port: reader.integer('PORT', 3000, 65_535),
    host: reader.text('HOST') ?? '127.0.0.1',
    eventStore,
    readStore,
    keyStore: reader.store<MongoDb>('KEY_STORE', { directory: 'file', server: mongoDb, fallback }),
    blobStore: reader.store<MongoDb>('BLOB_STORE', { directory: 'file', server: mongoDb, fallback }),
    storeTimeoutMs: reader.integer('STORE_TIMEOUT_MS', 5_000, 600_000),
    workDirectory:
      reader.text('WORK_DIRECTORY') ??
      join(eventStore.kind === 'embedded' ? eventStore.directory : './data', 'imports'),
    adminKey: reader.secret('FAULTLINE_ADMIN_KEY'),
    masterKey: reader.secret('FAULTLINE_MASTER_KEY'),
    rateLimitPerMinute: reader.integer('RATE_LIMIT_PER_MINUTE', 6_000, 100_000_000),
    logLevel: logLevel ?? 'warn',
  };
  if (
    environment.keyStore.kind === 'mongodb' &&
    environment.masterKey === undefined &&
    !reader.names('FAULTLINE_MASTER_KEY')
  ) {
    reader.fault('FAULTLINE_MASTER_KEY', 'must be given where KEY_STORE is a server', 'a-long-and-random-secret-text');
  }
  if (reader.faults.length > 0) throw new EnvironmentError(reader.faults);
  return environment;
}
