import { StoreUnavailable } from '@faultline/kernel';
import {
  MongoAPIError,
  MongoBulkWriteError,
  MongoClientClosedError,
  MongoCompatibilityError,
  MongoError,
  MongoMissingCredentialsError,
  MongoNotConnectedError,
  MongoParseError,
  MongoServerClosedError,
  MongoServerError,
  MongoServerSelectionError,
  MongoTopologyClosedError,
} from 'mongodb';
import { redacted } from '../redacted';

/** Why a server does not serve: out of reach or slow; user or password; a right that is missing; no MongoDB at all; too old. */
export type MongoDbProblem = 'away' | 'credentials' | 'rights' | 'protocol' | 'version';

const explanations: Readonly<Record<MongoDbProblem, string>> = {
  away: 'MongoDB does not answer',
  credentials: 'MongoDB refuses user or password',
  rights: 'the user lacks a right in MongoDB',
  protocol: 'what answers does not speak MongoDB’s protocol',
  version: 'this version of MongoDB is not supported',
};

/** A StoreUnavailable that tells what the problem is. `cause` is the driver's error; no message holds a password. */
export class MongoDbUnavailable extends StoreUnavailable {
  constructor(
    what: string,
    readonly problem: MongoDbProblem,
    cause: { readonly message: string },
  ) {
    super(`${what} is unavailable, ${explanations[problem]}: ${redacted(reasonOf(cause))}`, { cause });
  }
}

/** Of a server that takes connections and ends them at once, the driver says no more than that. */
const reasonOf = (error: { readonly message: string }): string =>
  error instanceof MongoServerSelectionError && error.message.endsWith(' closed')
    ? `${error.message} (is it MongoDB that listens there? With TLS, or without, as the URL says?)`
    : error.message;

const duplicateKey = 11_000;

/** Whether a write found a document with the same `_id`. */
export const isDuplicateKey = (error: unknown): boolean =>
  error instanceof MongoServerError && error.code === duplicateKey;

/** Whether a bulk write did everything but what found a document with the same `_id`, and did it with the write concern asked for. */
export function onlyDuplicateKeys(error: unknown): boolean {
  if (!(error instanceof MongoBulkWriteError) || error.result.getWriteConcernError()) return false;
  const { writeErrors } = error;
  const all = Array.isArray(writeErrors) ? writeErrors : [writeErrors];
  return all.length > 0 && all.every(({ code }) => code === duplicateKey);
}

/** The server's codes that name the problem: Unauthorized, UserNotFound, AuthenticationFailed, and Atlas's own. */
const byCode: Readonly<Record<number, MongoDbProblem>> = {
  11: 'credentials',
  13: 'rights',
  18: 'credentials',
  8000: 'credentials',
};

function problemOf(error: MongoError): MongoDbProblem {
  const code = error instanceof MongoServerError && typeof error.code === 'number' ? byCode[error.code] : undefined;
  if (code !== undefined) return code;
  if (error instanceof MongoMissingCredentialsError) return 'credentials';
  if (error instanceof MongoCompatibilityError) return 'version';
  if (error instanceof MongoParseError) return 'protocol';
  return error.cause instanceof MongoError ? problemOf(error.cause) : 'away';
}

const closed = [MongoClientClosedError, MongoNotConnectedError, MongoServerClosedError, MongoTopologyClosedError];

/** Whether the driver was used wrongly, which is a defect of ours and no state of the server. */
function isMisuse(error: MongoError): boolean {
  if (!(error instanceof MongoAPIError)) return false;
  return ![MongoCompatibilityError, MongoMissingCredentialsError, ...closed].some((kind) => error instanceof kind);
}

const networkCodes = new Set([
  ...['ECONNABORTED', 'ECONNREFUSED', 'ECONNRESET', 'EHOSTUNREACH', 'ENETUNREACH', 'EPIPE', 'ETIMEDOUT'],
  ...['EAI_AGAIN', 'ENODATA', 'ENOTFOUND', 'EREFUSED', 'ESERVFAIL', 'ETIMEOUT'],
]);

/** An error of a socket or a name server, which the driver now and then lets through as it is. */
const isOfNetwork = (error: unknown): error is NodeJS.ErrnoException =>
  typeof error === 'object' && error !== null && networkCodes.has(String((error as NodeJS.ErrnoException).code));

/**
 * Runs what talks to the server. Throws MongoDbUnavailable, `what` («The key store») being what is missed, for whatever goes wrong
 * between the driver and the server; other errors pass as they are.
 */
export async function onServer<Result>(what: string, task: () => Promise<Result>): Promise<Result> {
  try {
    return await task();
  } catch (cause) {
    if (isOfNetwork(cause)) throw new MongoDbUnavailable(what, 'away', cause);
    if (!(cause instanceof MongoError) || isMisuse(cause)) throw cause;
    throw new MongoDbUnavailable(what, problemOf(cause), cause);
  }
}
