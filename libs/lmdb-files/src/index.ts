export * from './failed-commit';
export * from './lmdb-file';
