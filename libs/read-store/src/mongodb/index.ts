export { type MongoDbSettings } from './client';
export { MongoDbUnavailable } from './errors';
export { MongoDbReadStore, openMongoDbReadStore } from './mongodb-read-store';
