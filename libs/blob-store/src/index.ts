export * from './blob-store.errors';
export * from './blob-store.port';
export { openFileBlobStore } from './file/file-blob-store';
export * from './sealed-blobs';
