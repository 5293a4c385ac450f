export * from './failed-commit';
export * from './lmdb-file';
export * from './room';
