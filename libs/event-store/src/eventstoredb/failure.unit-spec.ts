import { kindOf } from './failure';

const error = (message: string, more: object = {}) => Object.assign(new Error(message), more);

describe('what an error of the client means', () => {
  it.each([
    [
      'a status of gRPC before any call was made',
      error('14 UNAVAILABLE: No connection established', { code: 14 }),
      'unsent',
    ],
    ['no node of the cluster', error('Failed to discover after 10 attempts.'), 'unsent'],
    ['a connection that broke', error('14 UNAVAILABLE', { code: 14, type: 'unavailable' }), 'lost'],
    ['a disposed client', error('1 CANCELLED: Cancelled on client', { code: 1, type: 'unknown' }), 'lost'],
    ['an append that was not replicated in time', error('', { type: 'deadline-exceeded' }), 'lost'],
    [
      'a server that is not ready, packed as nothing',
      error('Could not recognize Server Is Not Ready', { type: 'unknown' }),
      'refusal-to-serve',
    ],
    [
      'a busy server, packed as nothing',
      error('Could not recognize Server Is Busy', { type: 'unknown' }),
      'refusal-to-serve',
    ],
    [
      'a busy server',
      error('14 UNAVAILABLE: Server Is Too Busy', { code: 14, type: 'unavailable' }),
      'refusal-to-serve',
    ],
    ['another leader', error('Leader info available', { code: 5, type: 'not-leader' }), 'elsewhere'],
    ['a wrong revision', error('', { type: 'wrong-expected-version' }), 'wrong-revision'],
    [
      'a position in between',
      error('3 INVALID_ARGUMENT: Trying to read from an invalid position.', { code: 3, type: 'unknown' }),
      'invalid-position',
    ],
    ['wrong credentials', error('16 UNAUTHENTICATED', { code: 16, type: 'access-denied' }), 'refused'],
    ['a status of gRPC for missing rights', error('7 PERMISSION_DENIED', { code: 7 }), 'refused'],
    [
      'an expired certificate',
      error('14 UNAVAILABLE: Last error: certificate has expired', { code: 14, type: 'unavailable' }),
      'certificate',
    ],
    [
      'a web server',
      error('12 UNIMPLEMENTED: Received HTTP status code 404', { code: 12, type: 'unknown' }),
      'not-an-event-store',
    ],
    ['anything else', error('?'), 'unknown'],
    ['nothing', undefined, 'unknown'],
  ] as const)('%s', (_what, thrown, kind) => {
    expect(kindOf(thrown)).toBe(kind);
  });
});
