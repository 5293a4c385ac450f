export {
  describeMongoDbFaults,
  describeWithMongoDb,
  freshDatabase,
  type MongoDbForTests,
  mongoDbForTests,
} from './for-tests';
export { type MongoDbServer, startMongoDbServer } from './server';
