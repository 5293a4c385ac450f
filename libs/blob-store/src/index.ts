export * from './blob-store.errors';
export * from './blob-store.port';
export { openFileBlobStore } from './file/file-blob-store';
export { openMongoBlobStore } from './mongodb/mongo-blob-store';
export * from './sealed-blobs';
