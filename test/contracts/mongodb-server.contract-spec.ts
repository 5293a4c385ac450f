import { connect } from 'node:net';
import { once } from 'node:events';
import { MongoClient } from 'mongodb';
import {
  describeMongoDbFaults,
  describeWithMongoDb,
  freshDatabase,
  startMongoDbServer,
} from '../support/mongodb-server';

describeWithMongoDb('The MongoDB server of the tests', (url) => {
  it('keeps what the driver writes, until its database is dropped', async () => {
    const database = freshDatabase(url());
    const client = new MongoClient(database.url);
    const things = client.db().collection<{ _id: string; n: number }>('things');
    await things.insertOne({ _id: 'a', n: 1 });
    expect(await things.findOne({ _id: 'a', n: { $lt: 2 } })).toEqual({ _id: 'a', n: 1 });
    expect(await things.findOne({ _id: 'a', n: { $lt: 1 } })).toBeNull();
    expect(await things.findOne({ n: 1, _id: { $in: ['b', 'a'] } })).toEqual({ _id: 'a', n: 1 });
    await database.drop();
    expect(await things.countDocuments()).toBe(0);
    await client.close();
  });
});

describeMongoDbFaults('A MongoDB server that a test starts', () => {
  it('refuses a port that is taken, and frees its own when it is killed', async () => {
    const first = await startMongoDbServer();
    await expect(startMongoDbServer({ port: first.port })).rejects.toThrow(/did not start/);
    await first.kill();
    const second = await startMongoDbServer({ port: first.port });
    expect(second.url).toBe(first.url);
    const socket = connect(second.port, '127.0.0.1');
    await once(socket, 'connect');
    socket.destroy();
    await second.stop();
  });
});
