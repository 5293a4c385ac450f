import { readFileSync } from 'node:fs';

/** A directory that holds one of the embedded stores. */
export type EmbeddedStore = { readonly kind: 'embedded'; readonly directory: string };

/** Everything that the environment says, checked. */
export type Environment = {
  readonly port: number;
  readonly host: string;
  readonly eventStore: EmbeddedStore;
  readonly readStore: EmbeddedStore;
  readonly keyStore: EmbeddedStore;
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

  store(variable: string, scheme: 'lmdb' | 'file', others: readonly string[]): EmbeddedStore {
    const value = this.text(variable) ?? `${scheme}:./data`;
    const directory = value.startsWith(`${scheme}:`) ? value.slice(scheme.length + 1) : '';
    const other = others.find((name) => value.startsWith(`${name}:`) || value.startsWith(`${name}+`));
    if (other !== undefined)
      this.fault(variable, `names ${other}, which this version does not speak yet`, `${scheme}:./data`);
    else if (directory === '') this.fault(variable, `must be ${scheme}: and a directory`, `${scheme}:./data`);
    return { kind: 'embedded', directory };
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
  const environment: Environment = {
    port: reader.integer('PORT', 3000, 65_535),
    host: reader.text('HOST') ?? '127.0.0.1',
    eventStore: reader.store('EVENT_STORE', 'lmdb', ['esdb', 'kurrentdb']),
    readStore: reader.store('READ_STORE', 'lmdb', ['mongodb']),
    keyStore: reader.store('KEY_STORE', 'file', ['mongodb']),
    adminKey: reader.secret('FAULTLINE_ADMIN_KEY'),
    masterKey: reader.secret('FAULTLINE_MASTER_KEY'),
    rateLimitPerMinute: reader.integer('RATE_LIMIT_PER_MINUTE', 6_000, 100_000_000),
    logLevel: logLevel ?? 'warn',
  };
  if (reader.faults.length > 0) throw new EnvironmentError(reader.faults);
  return environment;
}
