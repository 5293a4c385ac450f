import { databaseAt, type MongoDbSettings } from './client';

const opened = (url: string, settings: MongoDbSettings = {}) => {
  const { db } = databaseAt(url, settings);
  return { name: db.databaseName, options: db.client.options };
};

describe('a URL of MongoDB', () => {
  it.each([
    ['mongodb://127.0.0.1', 'faultline'],
    ['mongodb://127.0.0.1:27017/', 'faultline'],
    ['mongodb://127.0.0.1/?w=1', 'faultline'],
    ['mongodb://127.0.0.1:27017/desk?tls=true', 'desk'],
    ['mongodb://ann:a%2Fb@one,two,three/service%2Ddesk?replicaSet=rs0', 'service-desk'],
    ['mongodb+srv://ann:sesame@cluster0.example.net/desk?retryWrites=true', 'desk'],
    ['mongodb+srv://ann:sesame@cluster0.example.net', 'faultline'],
  ])('%s: database %s', (url, name) => {
    expect(opened(url).name).toBe(name);
  });

  it('is passed on: hosts, replica set, user, TLS', () => {
    const { options } = opened('mongodb://ann:open%40sesame@one:1,two:2/desk?replicaSet=rs0&tls=true&authSource=admin');
    expect(options.hosts.map(String)).toEqual(['one:1', 'two:2']);
    expect(options).toMatchObject({ replicaSet: 'rs0', tls: true });
    expect(options.credentials).toMatchObject({ username: 'ann', password: 'open@sesame', source: 'admin' });
  });

  it('gives pool and timeouts, which settings override and defaults complete', () => {
    const url = 'mongodb://127.0.0.1/?maxpoolsize=7&socketTimeoutMS=1234';
    expect(opened(url).options).toMatchObject({
      maxPoolSize: 7,
      socketTimeoutMS: 1_234,
      serverSelectionTimeoutMS: 5_000,
      connectTimeoutMS: 5_000,
      waitQueueTimeoutMS: 5_000,
    });
    expect(opened(url, { maxPoolSize: 9, socketTimeoutMS: undefined }).options).toMatchObject({
      maxPoolSize: 9,
      socketTimeoutMS: 1_234,
    });
  });

  it('cannot weaken what the store promises: a majority acknowledges, the primary answers', () => {
    const { options } = opened('mongodb://127.0.0.1/?w=0&readPreference=secondary');
    expect(options.writeConcern).toMatchObject({ w: 'majority' });
    expect(options.readPreference.mode).toBe('primary');
  });
});
