import { databaseAt, type MongoDbSettings } from './database';

const opened = (url: string, settings: MongoDbSettings = {}) => {
  const { db } = databaseAt(url, { what: 'The store', settings });
  return db.client.options;
};

describe('the options of a client of MongoDB', () => {
  it('are those of the URL: hosts, replica set, user, TLS', () => {
    const options = opened('mongodb://ann:open%40sesame@one:1,two:2/desk?replicaSet=rs0&tls=true&authSource=admin');
    expect(options.hosts.map(String)).toEqual(['one:1', 'two:2']);
    expect(options).toMatchObject({ replicaSet: 'rs0', tls: true });
    expect(options.credentials).toMatchObject({ username: 'ann', password: 'open@sesame', source: 'admin' });
  });

  it('take pool and timeouts from the settings, then the URL, then the defaults', () => {
    const url = 'mongodb://127.0.0.1/?maxpoolsize=7&socketTimeoutMS=1234';
    expect(opened(url)).toMatchObject({
      maxPoolSize: 7,
      socketTimeoutMS: 1_234,
      serverSelectionTimeoutMS: 5_000,
      connectTimeoutMS: 5_000,
      waitQueueTimeoutMS: 5_000,
    });
    expect(opened(url, { maxPoolSize: 9, socketTimeoutMS: undefined })).toMatchObject({
      maxPoolSize: 9,
      socketTimeoutMS: 1_234,
    });
  });
});
