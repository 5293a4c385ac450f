export * from './lmdb-file';
