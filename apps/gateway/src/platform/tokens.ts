/** Names under which Nest hands out what is no class. */
export const CLOCK = Symbol('Clock');
export const LOGGER = Symbol('Logger');
export const EVENT_STORE = Symbol('EventStore');
export const READ_STORE = Symbol('ReadStore');
export const KEY_STORE = Symbol('KeyStore');
export const BLOB_STORE = Symbol('BlobStore');
export const READ_SIDE = Symbol('ReadSide');
export const ENVIRONMENT = Symbol('Environment');
export const WORK_DIRECTORY = Symbol('WorkDirectory');
