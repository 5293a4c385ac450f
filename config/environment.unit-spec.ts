import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryDirectory } from '../test/support/temporary';
import { EnvironmentError, type EnvironmentFault, nameOfStore, readEnvironment } from './environment';

type Source = Parameters<typeof readEnvironment>[0];

const embedded = (directory: string) => ({ kind: 'embedded', directory });

const eventStoreDb = (url: string) => ({ kind: 'eventstoredb', url });
const mongoDb = (url: string) => ({ kind: 'mongodb', url });

const defaults = {
  port: 3000,
  host: '127.0.0.1',
  eventStore: embedded('./data'),
  readStore: embedded('./data'),
  keyStore: embedded('./data'),
  blobStore: embedded('./data'),
  storeTimeoutMs: 5_000,
  workDirectory: 'data/imports',
  adminKey: undefined,
  masterKey: undefined,
  rateLimitPerMinute: 6_000,
  logLevel: 'warn',
};

/** What is wrong with an environment; nothing if it can be used. */
function errorOf(source: Source): EnvironmentError | undefined {
  try {
    readEnvironment(source);
    return undefined;
  } catch (error) {
    if (error instanceof EnvironmentError) return error;
    throw error;
  }
}

const faultsOf = (source: Source): readonly EnvironmentFault[] => errorOf(source)?.faults ?? [];

describe('the environment', () => {
  it('has a default for everything', () => {
    expect(readEnvironment({})).toEqual(defaults);
  });

  it.each(['PORT', 'HOST', 'EVENT_STORE', 'READ_STORE', 'KEY_STORE', 'RATE_LIMIT_PER_MINUTE', 'LOG_LEVEL'])(
    'takes an empty or blank %s for absent',
    (variable) => {
      expect(readEnvironment({ [variable]: '' })).toEqual(defaults);
      expect(readEnvironment({ [variable]: '  ' })).toEqual(defaults);
    },
  );

  it('ignores what it does not know', () => {
    expect(readEnvironment({ PATH: '/usr/bin', PORTAL: 'x' })).toEqual(defaults);
  });

  const secret = 'a-secret-of-twenty-four-characters';

  it.each<[string, string, object]>([
    ['PORT', '8080', { port: 8080 }],
    ['PORT', '0', { port: 0 }],
    ['PORT', '65535', { port: 65_535 }],
    ['PORT', ' 81 ', { port: 81 }],
    ['HOST', '0.0.0.0', { host: '0.0.0.0' }],
    ['HOST', '::', { host: '::' }],
    [
      'EVENT_STORE',
      'lmdb:/var/lib/faultline',
      { eventStore: embedded('/var/lib/faultline'), workDirectory: '/var/lib/faultline/imports' },
    ],
    ...[
      'esdb://node:2113',
      'esdb://user:word@node:2113?tls=false',
      'esdb+discover://one:2113,two:2113,three:2113?nodePreference=leader&tls=true',
      'kurrentdb://node:2113',
    ].map((url): [string, string, object] => ['EVENT_STORE', url, { eventStore: eventStoreDb(url) }]),
    ['BLOB_STORE', 'file:/var/lib/blobs', { blobStore: embedded('/var/lib/blobs') }],
    ['STORE_TIMEOUT_MS', '250', { storeTimeoutMs: 250 }],
    ['WORK_DIRECTORY', '/var/tmp/faultline', { workDirectory: '/var/tmp/faultline' }],
    ['READ_STORE', 'lmdb:./models', { readStore: embedded('./models') }],
    ['KEY_STORE', 'file:/etc/faultline', { keyStore: embedded('/etc/faultline') }],
    ['FAULTLINE_ADMIN_KEY', secret, { adminKey: secret }],
    ['FAULTLINE_ADMIN_KEY', 'x'.repeat(24), { adminKey: 'x'.repeat(24) }],
    ['FAULTLINE_MASTER_KEY', secret, { masterKey: secret }],
    ['RATE_LIMIT_PER_MINUTE', '0', { rateLimitPerMinute: 0 }],
    ['RATE_LIMIT_PER_MINUTE', '100000000', { rateLimitPerMinute: 100_000_000 }],
    ...(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const).map(
      (logLevel): [string, string, object] => ['LOG_LEVEL', logLevel, { logLevel }],
    ),
  ])('reads %s=%s', (variable, value, expected) => {
    expect(readEnvironment({ [variable]: value })).toEqual({ ...defaults, ...expected });
  });

  it.each([
    'mongodb://db/desk',
    'mongodb+srv://user:word@cluster.example.org/desk?retryWrites=true',
    'mongodb://user:word@one:27017,two:27017/desk?replicaSet=rs0&tls=true',
  ])('keeps keys and blobs in the database of READ_STORE=%s, unless told otherwise', (url) => {
    const settings = { READ_STORE: url, FAULTLINE_MASTER_KEY: secret };
    const store = mongoDb(url);
    const expected = { ...defaults, readStore: store, keyStore: store, blobStore: store, masterKey: secret };
    expect(readEnvironment(settings)).toEqual(expected);
    const keyStore = embedded('/etc/faultline');
    expect(readEnvironment({ ...settings, KEY_STORE: 'file:/etc/faultline' })).toEqual({ ...expected, keyStore });
  });

  it('wants the master key where a server holds the keys', () => {
    expect(faultsOf({ READ_STORE: 'mongodb://db' })).toMatchObject([
      { variable: 'FAULTLINE_MASTER_KEY', problem: 'must be given where KEY_STORE is a server' },
    ]);
    expect(faultsOf({ READ_STORE: 'mongodb://db', KEY_STORE: 'file:./data' })).toEqual([]);
  });

  it.each([
    ['esdb://admin:changeit@node:2113?tls=false', 'esdb://node:2113?tls=false'],
    ['esdb://node:2113', 'esdb://node:2113'],
  ])('names %s without its secrets', (url, name) => {
    expect(nameOfStore({ kind: 'eventstoredb', url })).toBe(name);
  });

  const levels = 'must be one of fatal, error, warn, info, debug, trace, silent';
  const port = 'must be a whole number from 0 to 65535';
  const rate = 'must be a whole number from 0 to 100000000';
  const log = 'must be lmdb: and a directory, or a connection string esdb://…';
  const models = 'must be lmdb: and a directory, or a connection string mongodb://…';
  const keys = 'must be file: and a directory, or a connection string mongodb://…';
  const short = 'must have at least 24 characters';

  it.each([
    ['PORT', '65536', port],
    ['PORT', '-1', port],
    ['PORT', '80.5', port],
    ['PORT', '0x50', port],
    ['PORT', '1e3', port],
    ['PORT', 'http', port],
    ['PORT', '9999999999', port],
    ['RATE_LIMIT_PER_MINUTE', '100000001', rate],
    ['RATE_LIMIT_PER_MINUTE', 'none', rate],
    ['LOG_LEVEL', 'verbose', levels],
    ['LOG_LEVEL', 'WARN', levels],
    ['EVENT_STORE', 'lmdb:', log],
    ['EVENT_STORE', './data', log],
    ['EVENT_STORE', 'file:./data', log],
    ['EVENT_STORE', 'esdb://', log],
    ['EVENT_STORE', 'mongodb://db', log],
    ['READ_STORE', 'postgres://db', models],
    ['READ_STORE', 'esdb://node:2113', models],
    ['KEY_STORE', 'lmdb:./data', keys],
    ['BLOB_STORE', 's3://bucket', keys],
    ['STORE_TIMEOUT_MS', '1s', 'must be a whole number from 0 to 600000'],
    ['FAULTLINE_ADMIN_KEY', 'x'.repeat(23), short],
    ['FAULTLINE_MASTER_KEY', 'short', short],
  ])('refuses %s=%s by name and with an example that can be used', (variable, value, problem) => {
    const error = errorOf({ [variable]: value });
    expect(error?.faults).toEqual([{ variable, problem, example: expect.any(String) }]);
    const [{ example }] = error!.faults as [EnvironmentFault];
    expect(error!.message).toBe(`${variable} ${problem}, for example ${variable}=${example}`);
    expect(errorOf({ [variable]: example })).toBeUndefined();
  });

  it('names every fault at once, a line for each', () => {
    const error = errorOf({
      PORT: 'http',
      HOST: '0.0.0.0',
      EVENT_STORE: 'http://node',
      READ_STORE: 'redis://db',
      KEY_STORE: 'nowhere',
      BLOB_STORE: 'nowhere',
      FAULTLINE_ADMIN_KEY: 'short',
      FAULTLINE_MASTER_KEY: 'short',
      RATE_LIMIT_PER_MINUTE: '-5',
      LOG_LEVEL: 'loud',
    });
    const wrong = [
      'BLOB_STORE',
      'EVENT_STORE',
      'FAULTLINE_ADMIN_KEY',
      'FAULTLINE_MASTER_KEY',
      'KEY_STORE',
      'LOG_LEVEL',
      'PORT',
      'RATE_LIMIT_PER_MINUTE',
      'READ_STORE',
    ];
    expect(error?.faults.map(({ variable }) => variable).sort()).toEqual(wrong);
    expect(
      error?.message
        .split('\n')
        .map((line) => line.split(' ')[0])
        .sort(),
    ).toEqual(wrong);
  });

  it('repeats no password of a URL', () => {
    const error = errorOf({
      EVENT_STORE: 'http://admin:changeit@node:2113',
      READ_STORE: 'redis://root:opensesame@db',
      KEY_STORE: 'https://user:swordfish@host',
    });
    expect(error?.faults).toHaveLength(3);
    expect(`${error!.stack} ${JSON.stringify(error!.faults)}`).not.toMatch(/changeit|opensesame|swordfish/);
  });

  it('reads a connection string from a file', async () => {
    const { path, remove } = await temporaryDirectory();
    const file = join(path, 'url');
    const url = 'esdb://user:word@node:2113';
    await writeFile(file, `${url}\n`);
    expect(readEnvironment({ EVENT_STORE_FILE: file }).eventStore).toEqual(eventStoreDb(url));
    expect(faultsOf({ EVENT_STORE_FILE: file, EVENT_STORE: url })).toMatchObject([{ variable: 'EVENT_STORE_FILE' }]);
    await remove();
  });

  describe.each([
    ['FAULTLINE_ADMIN_KEY', 'adminKey'],
    ['FAULTLINE_MASTER_KEY', 'masterKey'],
  ] as const)('reads %s from a file', (variable, field) => {
    const fileVariable = `${variable}_FILE`;
    let directory: Awaited<ReturnType<typeof temporaryDirectory>>;

    beforeEach(async () => {
      directory = await temporaryDirectory();
    });

    afterEach(() => directory.remove());

    const file = async (content: string) => {
      const path = join(directory.path, 'secret');
      await writeFile(path, content);
      return path;
    };

    it('without the white space around it', async () => {
      const path = await file(`  ${secret}\n`);
      expect(readEnvironment({ [fileVariable]: path })).toEqual({ ...defaults, [field]: secret });
    });

    it('and treats an empty name as absent', () => {
      expect(readEnvironment({ [fileVariable]: '', [variable]: secret })[field]).toBe(secret);
    });

    it('that is missing: says which variable and why', () => {
      const path = join(directory.path, 'none');
      expect(faultsOf({ [fileVariable]: path })).toEqual([
        { variable: fileVariable, problem: 'names a file that cannot be read (ENOENT)', example: '/run/secrets/key' },
      ]);
    });

    it('that is a directory', async () => {
      const path = join(directory.path, 'folder');
      await mkdir(path);
      expect(faultsOf({ [fileVariable]: path })).toMatchObject([
        { variable: fileVariable, problem: 'names a file that cannot be read (EISDIR)' },
      ]);
    });

    it('but not beside the variable itself', async () => {
      const path = await file(secret);
      const other = 'another-secret-of-many-characters';
      const error = errorOf({ [fileVariable]: path, [variable]: other });
      expect(error?.faults).toMatchObject([
        { variable: fileVariable, problem: `must not be given beside ${variable}` },
      ]);
      expect(error?.message).not.toContain(secret);
      expect(error?.message).not.toContain(other);
    });

    it.each(['', '   \n', 'too-short-a-secret\n'])('of enough characters (%j)', async (content) => {
      const path = await file(content);
      const error = errorOf({ [fileVariable]: path });
      expect(error?.faults).toMatchObject([{ variable, problem: short }]);
      expect(error?.message).not.toContain('too-short-a-secret');
    });
  });

  it.each(['FAULTLINE_ADMIN_KEY', 'FAULTLINE_MASTER_KEY'])('repeats no %s', (variable) => {
    const error = errorOf({ [variable]: 'pa55word', PORT: 'x' });
    expect(error?.faults).toHaveLength(2);
    expect(`${error!.stack} ${JSON.stringify(error!.faults)}`).not.toContain('pa55word');
  });
});
