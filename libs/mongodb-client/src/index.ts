export { type Database, type DatabaseOptions, databaseNameOf, openDatabase } from './mongodb/database';
export { isDuplicateKey, type MongoDbProblem, MongoDbUnavailable, onlyDuplicateKeys, onServer } from './mongodb/errors';
export { redacted } from './redacted';
export { durable, latest } from './mongodb/concerns';
