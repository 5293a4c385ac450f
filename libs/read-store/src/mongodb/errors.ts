import { StoreUnavailable } from '@faultline/kernel';
import {
  MongoAPIError,
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
import { withoutPasswords } from './client';

/** Why MongoDB does not serve: it cannot be reached or is slow; the credentials, or their rights; what answers is no MongoDB, or too old. */
export type MongoDbProblem = 'away' | 'credentials' | 'rights' | 'protocol' | 'version';

/** StoreUnavailable, with the problem as far as it is known. `cause` is the driver's error. */
export class MongoDbUnavailable extends StoreUnavailable {
  constructor(
    readonly problem: MongoDbProblem,
    reason: string,
    options: ErrorOptions,
  ) {
    super(`${explanations[problem]}: ${withoutPasswords(reason)}`, options);
  }
}

const explanations: Readonly<Record<MongoDbProblem, string>> = {
  away: 'The read store (MongoDB) is unavailable',
  credentials: 'MongoDB refuses the credentials in the URL of the read store',
  rights: "The read store's user lacks a right in MongoDB",
  protocol: 'What answers at the URL of the read store does not speak MongoDB’s protocol',
  version: 'This version of MongoDB cannot be the read store',
};

/** Codes of the server that name the problem; every other one counts as `away`. */
const problems: Readonly<Record<number, MongoDbProblem>> = {
  11: 'credentials',
  13: 'rights',
  18: 'credentials',
  8000: 'credentials',
};

/** The code of a server's error; undefined where it gives none. */
export const codeOf = (error: unknown): number | undefined =>
  error instanceof MongoServerError && typeof error.code === 'number' ? error.code : undefined;

/** A document with this `_id` is there already. */
export const isDuplicate = (error: unknown): boolean => codeOf(error) === 11_000;
/** The collection to be made is there. */
export const isThere = (error: unknown): boolean => codeOf(error) === 48 || says(error, /already exists/);
/** The collection to be dropped is not there. */
export const isMissing = (error: unknown): boolean => codeOf(error) === 26 || says(error, /ns not found/);

/** Of an error for which the server gives no code. */
const says = (error: unknown, text: RegExp): boolean =>
  error instanceof MongoServerError && codeOf(error) === undefined && text.test(error.message);

const closed = [MongoClientClosedError, MongoNotConnectedError, MongoServerClosedError, MongoTopologyClosedError];

function problemOf(error: MongoError): MongoDbProblem {
  const code = codeOf(error);
  if (code !== undefined) return problems[code] ?? 'away';
  if (error instanceof MongoMissingCredentialsError) return 'credentials';
  if (error instanceof MongoCompatibilityError) return 'version';
  if (error instanceof MongoParseError) return 'protocol';
  const { cause } = error;
  return cause instanceof MongoError && cause !== error ? problemOf(cause) : 'away';
}

/** What a caller of the port gets for an error: {@link MongoDbUnavailable} for what the driver reports, but for misuse of the driver, which is a defect of ours. */
export function translated(error: unknown): unknown {
  if (!(error instanceof MongoError)) return error;
  const isMisuse =
    error instanceof MongoAPIError &&
    !(error instanceof MongoCompatibilityError || error instanceof MongoMissingCredentialsError) &&
    !closed.some((type) => error instanceof type);
  return isMisuse ? error : new MongoDbUnavailable(problemOf(error), reasonOf(error), { cause: error });
}

/** Of a server that takes connections and ends them at once, the driver says no more than that. */
const reasonOf = (error: MongoError): string =>
  error instanceof MongoServerSelectionError && error.message.endsWith(' closed')
    ? `${error.message} (is it MongoDB that listens there? With TLS, or without, as the URL says?)`
    : error.message;

/** Runs operations of the driver, with errors as the port promises them. */
export async function reaching<Result>(operations: () => Promise<Result>): Promise<Result> {
  try {
    return await operations();
  } catch (error) {
    throw translated(error);
  }
}
