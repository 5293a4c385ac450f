import { StoreUnavailable } from '@faultline/kernel';
import {
  MongoClient,
  MongoCompatibilityError,
  type MongoError,
  MongoInvalidArgumentError,
  MongoNetworkError,
  MongoNetworkTimeoutError,
  MongoServerError,
} from 'mongodb';
import { type MongoDbProblem, reaching, translated } from './errors';

const server = (code: number | undefined, message: string) => new MongoServerError({ ok: 0, code, message });

describe('what a caller gets for an error of MongoDB', () => {
  it.each<[MongoError, MongoDbProblem]>([
    [server(18, 'Authentication failed.'), 'credentials'],
    [server(8000, 'bad auth : authentication failed'), 'credentials'],
    [server(13, 'not authorized on faultline to execute command { find: "x" }'), 'rights'],
    [server(10107, 'not primary'), 'away'],
    [server(91, 'The server is in quiesce mode and will shut down'), 'away'],
    [server(50, 'operation exceeded time limit'), 'away'],
    [server(undefined, 'an error without a code'), 'away'],
    [new MongoNetworkError('connect ECONNREFUSED 127.0.0.1:27017'), 'away'],
    [new MongoNetworkTimeoutError('connection 3 to 127.0.0.1:27017 timed out'), 'away'],
    [new MongoNetworkError('no connection', { cause: server(18, 'Authentication failed.') }), 'credentials'],
    [new MongoCompatibilityError('reports maximum wire version 7'), 'version'],
  ])('%s: unavailable, problem %s', (error, problem) => {
    const result = translated(error);
    expect(result).toBeInstanceOf(StoreUnavailable);
    expect(result).toMatchObject({ name: 'StoreUnavailable', problem, cause: error });
    expect((result as Error).message).toContain(error.message);
  });

  it('names no user and no password', () => {
    const error = new MongoNetworkError('cannot reach mongodb://ann:open%40sesame@one:27017,two:27017/desk');
    expect((translated(error) as Error).message).toContain('mongodb://***@one:27017,two:27017/desk');
    expect((translated(error) as Error).message).not.toContain('sesame');
  });

  it('leaves alone what is a defect of ours, and what is no error of the driver', async () => {
    const misuse = new MongoInvalidArgumentError('Argument "docs" must be an array');
    const other = new RangeError('other');
    expect(translated(misuse)).toBe(misuse);
    await expect(reaching(() => Promise.reject(other))).rejects.toBe(other);
  });

  it('counts a closed client as unavailable', async () => {
    const client = new MongoClient('mongodb://127.0.0.1:1', { serverSelectionTimeoutMS: 1 });
    const things = client.db('x').collection('things');
    await expect(reaching(() => things.findOne({}))).rejects.toThrow(StoreUnavailable);
    await client.close();
    await expect(reaching(() => things.findOne({}))).rejects.toThrow(StoreUnavailable);
  });
});
