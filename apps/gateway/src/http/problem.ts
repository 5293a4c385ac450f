import { DomainError, StoreUnavailable } from '@faultline/kernel';
import { InvalidAppend, InvalidPosition } from '@faultline/event-store';

/** One thing wrong with a request: where (RFC 6901; query parameters begin with `?`) and what. */
export type FieldError = { readonly pointer: string; readonly detail: string };

/** An RFC 9457 problem document, with Faultline's members. */
export type Problem = {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly correlationId: string;
  readonly errors?: readonly FieldError[];
} & Readonly<Record<string, unknown>>;

const statusOfKind = { invalid: 400, 'not-found': 404, conflict: 409, forbidden: 403 } as const;

/** Refusals that HTTP has a status of its own for. */
const statusOfCode: Readonly<Record<string, number>> = {
  'revision.stale': 412,
  'idempotency.other-body': 422,
  'auth.missing': 401,
  'auth.unknown-key': 401,
  'request.not-acceptable': 406,
  'request.unsupported-media-type': 415,
  'request.too-large': 413,
  'rate.exceeded': 429,
};

const titles: Readonly<Record<number, string>> = {
  400: 'The request is not valid',
  401: 'Who are you?',
  403: 'Not allowed',
  404: 'Not found',
  405: 'Method not allowed',
  406: 'Not acceptable',
  409: 'The state refuses this',
  412: 'It has changed meanwhile',
  413: 'Too large',
  415: 'Unsupported media type',
  422: 'The key was used for something else',
  429: 'Too many requests',
  500: 'A defect of ours',
  503: 'Not available at the moment',
};

/** A problem in terms of HTTP, before the request's correlation id is added. */
export type Failure = {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly members: object;
};

/** What a thrown value means to a client. A defect (status 500) tells nothing of its inside. */
export function failureOf(error: unknown): Failure {
  if (error instanceof DomainError) return domainFailure(error);
  if (error instanceof InvalidAppend) {
    const tooLarge = error.rule === 'too-large';
    return {
      status: tooLarge ? 413 : 400,
      code: `append.${error.rule}`,
      detail: error.message,
      members: tooLarge ? { limit: error.limit, size: error.size } : {},
    };
  }
  if (error instanceof StoreUnavailable || (error instanceof Error && error.name === 'StoreUnusable')) {
    return { status: 503, code: 'store.unavailable', detail: 'A store is not available; try again', members: {} };
  }
  if (error instanceof InvalidPosition) {
    return { status: 400, code: 'position.invalid', detail: error.message, members: {} };
  }
  return httpFailure(error);
}

function domainFailure({ kind, code, message, fields }: DomainError): Failure {
  const { pointer, errors, ...others } = fields as { pointer?: string; errors?: readonly FieldError[] };
  const where = errors ?? (pointer === undefined ? undefined : [{ pointer, detail: message }]);
  const members = where ? { ...others, errors: where } : others;
  return { status: statusOfCode[code] ?? statusOfKind[kind], code, detail: message, members };
}

function httpFailure(error: unknown): Failure {
  const status = statusIn(error);
  if (status === undefined || status >= 500 || !(error instanceof Error)) {
    return {
      status: status === 503 ? 503 : 500,
      code: 'internal',
      detail: 'Something went wrong on our side',
      members: {},
    };
  }
  const codes: Readonly<Record<number, string>> = {
    404: 'request.no-such-route',
    413: 'request.too-large',
    415: 'request.unsupported-media-type',
  };
  return { status, code: codes[status] ?? 'request.invalid', detail: error.message, members: {} };
}

function statusIn(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  if ('getStatus' in error && typeof error.getStatus === 'function') return (error.getStatus as () => number)();
  if ('statusCode' in error && typeof error.statusCode === 'number') return error.statusCode;
  return undefined;
}

/** The document for a failure. */
export function problemOf({ status, code, detail, members }: Failure, correlationId: string): Problem {
  return {
    type: `urn:faultline:problem:${code}`,
    title: titles[status] ?? 'The request failed',
    status,
    detail,
    code,
    correlationId,
    ...members,
  };
}
