/**
 * What went wrong, as far as it matters to who called:
 * `unsent` nothing left this process; `refusal-to-serve` the server answered that it did nothing (not ready, busy); `elsewhere` the
 * node is not the leader, and what else was under way is unknown; `lost` the answer is missing; the others are final.
 */
export type FailureKind =
  | 'unsent'
  | 'refusal-to-serve'
  | 'elsewhere'
  | 'lost'
  | 'wrong-revision'
  | 'stream-not-found'
  | 'stream-deleted'
  | 'too-large'
  | 'invalid-position'
  | 'refused'
  | 'certificate'
  | 'not-an-event-store'
  | 'unknown';

type Told = {
  readonly code?: unknown;
  readonly type?: unknown;
  readonly message?: unknown;
  readonly details?: unknown;
};

const byType: Readonly<Record<string, FailureKind>> = {
  'wrong-expected-version': 'wrong-revision',
  'stream-not-found': 'stream-not-found',
  'stream-deleted': 'stream-deleted',
  'maximum-append-size-exceeded': 'too-large',
  'access-denied': 'refused',
  'not-leader': 'elsewhere',
};

// The status codes of gRPC, by number: the client hands some errors on as they came.
const byCode: Readonly<Record<number, FailureKind>> = {
  7: 'refused',
  12: 'not-an-event-store',
  16: 'refused',
};

const byMessage: readonly (readonly [RegExp, FailureKind])[] = [
  [/invalid position/i, 'invalid-position'],
  [/certificate|self[- ]signed|altnames|ERR_TLS|unable to (?:verify|get)/i, 'certificate'],
  [
    /wrong version number|no application protocol|Protocol error|HTTP status(?: code)?|ERR_HTTP2|ERR_SSL|EPROTO|packet length too long/i,
    'not-an-event-store',
  ],
  [/Server Is (?:Not Ready|(?:Too )?Busy)/i, 'refusal-to-serve'],
  [/No leader info available/i, 'refusal-to-serve'],
  [/Could not recognize.*(?:append size|too large|maximum)/i, 'too-large'],
  [/Failed to discover/i, 'unsent'],
];

/**
 * Classifies by the type and the code that an error carries, and by its text where the client has neither; never by its class,
 * because the client throws errors of gRPC as they are where it has made no call yet.
 */
export function kindOf(error: unknown): FailureKind {
  const { code, type, message, details } = (error ?? {}) as Told;
  const known = typeof type === 'string' ? byType[type] : undefined;
  if (known) return known;
  const text = `${typeof details === 'string' ? details : ''} ${typeof message === 'string' ? message : ''}`;
  const spoken = byMessage.find(([pattern]) => pattern.test(text))?.[1];
  if (spoken) return spoken;
  if (typeof code === 'number' && byCode[code]) return byCode[code];
  if (transient(code, type)) return type === undefined ? 'unsent' : 'lost';
  return 'unknown';
}

// CANCELLED, DEADLINE_EXCEEDED, ABORTED, UNAVAILABLE; the client's own names for them.
const transientCodes = new Set<unknown>([1, 4, 10, 14]);
const transientTypes = new Set<unknown>(['unavailable', 'cancelled', 'timeout', 'deadline-exceeded']);

const transient = (code: unknown, type: unknown): boolean => transientCodes.has(code) || transientTypes.has(type);
