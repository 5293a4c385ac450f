import { onServer } from '@faultline/mongodb-client';
import { MongoServerError } from 'mongodb';

/** How messages name it. */
export const what = 'The read store';

/** Runs operations of the driver; throws MongoDbUnavailable where the server is at fault. */
export const reaching = <Result>(operations: () => Promise<Result>): Promise<Result> => onServer(what, operations);

/** The collection to be made is there. */
export const isThere = (error: unknown): boolean => means(error, 48, /already exists/);

/** The collection to be dropped is not there. */
export const isMissing = (error: unknown): boolean => means(error, 26, /ns not found/);

/** By the code, or by the text of an error that the server gives no code. */
const means = (error: unknown, code: number, text: RegExp): boolean =>
  error instanceof MongoServerError && (error.code === undefined ? text.test(error.message) : error.code === code);
