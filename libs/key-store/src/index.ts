export { FileKeyStore, type FileKeyStoreOptions, openFileKeyStore } from './file/file-key-store';
export * from './key-store.port';
export { type KeyWrapper, masterKeyWrapper } from './key-wrapper';
export { openField, sealField } from './seal';
export * from './key-store.errors';
export { type MongoKeyStoreOptions, openMongoKeyStore } from './mongodb/mongo-key-store';
export { openStream, sealedChunkBytes, sealStream } from './seal-stream';
