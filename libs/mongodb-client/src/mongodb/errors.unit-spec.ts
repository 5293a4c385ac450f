import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { StoreUnavailable } from '@faultline/kernel';
import {
  MongoAPIError,
  MongoCompatibilityError,
  MongoError,
  MongoMissingCredentialsError,
  MongoParseError,
  MongoServerError,
} from 'mongodb';
import { MongoDbUnavailable, onServer, openDatabase } from '../index';

const told = (error: unknown) =>
  onServer('The key store', () => Promise.reject(error as Error)).catch((e: unknown) => e);

describe('what the driver throws', () => {
  const failedBy = (code: number) => new MongoServerError({ message: `error ${code}`, code });
  const handshake = Object.assign(new MongoError('handshake'), { cause: failedBy(18) });

  const problems: readonly (readonly [problem: string, text: string, error: Error])[] = [
    ['away', 'a closed connection', new MongoError('connection 1 to 127.0.0.1:27017 closed')],
    ['away', 'a socket that fails while it is written to', Object.assign(new Error('write'), { code: 'ECONNRESET' })],
    ['away', 'a name that cannot be looked up', Object.assign(new Error('querySrv'), { code: 'ENOTFOUND' })],
    ['away', 'a server that is no longer primary', failedBy(10_107)],
    ['away', 'an error without a code', new MongoServerError({ message: 'no code at all' })],
    ['credentials', 'a wrong password', failedBy(18)],
    ['credentials', 'a missing password', new MongoMissingCredentialsError('no password')],
    ['credentials', 'a wrong password in a handshake', handshake],
    ['rights', 'a user who may not', failedBy(13)],
    ['version', 'an old server', new MongoCompatibilityError('maximum wire version 8')],
    ['protocol', 'something else than a message', new MongoParseError('Invalid message size')],
  ];

  it.each(problems)('is «%s» for %s', async (problem, _text, error) => {
    const unavailable = await told(error);
    expect(unavailable).toBeInstanceOf(StoreUnavailable);
    expect(unavailable).toMatchObject({ name: 'StoreUnavailable', problem, cause: error });
    expect((unavailable as Error).message).toMatch(/^The key store is unavailable, /);
  });

  it('passes as it is where the driver was used wrongly, or it is none of its errors', async () => {
    for (const error of [new MongoAPIError('use of an option that there is none of'), new TypeError('ours')]) {
      expect(await told(error)).toBe(error);
    }
  });

  it('holds no password', async () => {
    const error = await told(new MongoError('mongodb://ann:sesame@host/db went away'));
    expect((error as Error).message).toContain('mongodb://***@host/db');
  });
});

describe('a server that is no MongoDB', () => {
  let server: Server;

  beforeEach(async () => {
    server = createServer((_request, response) => response.end('hello'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });

  afterEach(() => new Promise((resolve) => server.close(resolve)));

  it('is unavailable like one that is away', async () => {
    const { port } = server.address() as AddressInfo;
    const url = `mongodb://ann:sesame@127.0.0.1:${port}/db?serverSelectionTimeoutMS=500`;
    const error: unknown = await openDatabase(url, { what: 'The key store' }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(MongoDbUnavailable);
    expect((error as Error).message).not.toContain('sesame');
  });
});
