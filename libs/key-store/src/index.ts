export { FileKeyStore, type FileKeyStoreOptions, KeyStoreUnusable, openFileKeyStore } from './file/file-key-store';
export * from './key-store.port';
export { openField, sealField } from './seal';
