import { type MongoDbReadStore, openMongoDbReadStore } from '@faultline/read-store';
import { describeWithMongoDb, freshDatabase } from '../support/mongodb-server';
import { deviationsOf } from './read-store.arbitraries';
import { describeReadStore } from './read-store.contract';

describeWithMongoDb('Read store on MongoDB', (url, isJava) => {
  const factory = async () => {
    const database = freshDatabase(url());
    const opened: MongoDbReadStore[] = [];
    const another = async () => {
      const store = await openMongoDbReadStore({ url: database.url });
      opened.push(store);
      return store;
    };
    const store = await another();
    const dispose = async () => {
      for (const one of opened) await one.close();
      await database.drop();
    };
    return { store, another, dispose };
  };
  describeReadStore('MongoDB', factory, deviationsOf(isJava));
});
