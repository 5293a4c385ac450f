export { MongoDbReadStore, openMongoDbReadStore } from './mongodb-read-store';
