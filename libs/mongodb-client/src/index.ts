export {
  type Database,
  databaseAt,
  databaseNameOf,
  type DatabaseOptions,
  type MongoDbSettings,
  openDatabase,
} from './mongodb/database';
export { isDuplicateKey, type MongoDbProblem, MongoDbUnavailable, onlyDuplicateKeys, onServer } from './mongodb/errors';
export { redacted } from './redacted';
export { durable, latest } from './mongodb/concerns';
