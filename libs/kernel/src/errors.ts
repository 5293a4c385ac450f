/** What a caller can do about a {@link DomainError}: mend the input, look elsewhere, retry on fresher state, ask for a right. */
export type ErrorKind = 'invalid' | 'not-found' | 'conflict' | 'forbidden';

/** Typed facts about an error, by name; `pointer` (RFC 6901) names the field of the command that is at fault. */
export type ErrorFields = Readonly<Record<string, unknown>> & { readonly pointer?: string };

/** A refusal by a rule of the domain, with a stable `code` such as `incident.already-closed`. Nothing was changed. */
export class DomainError extends Error {
  override readonly name = 'DomainError';

  constructor(
    readonly kind: ErrorKind,
    readonly code: string,
    message: string,
    readonly fields: ErrorFields = {},
  ) {
    super(message);
  }
}

/** The input itself is at fault, whatever the state. */
export const invalid = (code: string, message: string, fields?: ErrorFields): DomainError =>
  new DomainError('invalid', code, message, fields);

/** The state refuses the command. */
export const conflict = (code: string, message: string, fields?: ErrorFields): DomainError =>
  new DomainError('conflict', code, message, fields);

/** What the command addresses does not exist. */
export const notFound = (code: string, message: string, fields?: ErrorFields): DomainError =>
  new DomainError('not-found', code, message, fields);

/** The caller lacks the right. */
export const forbidden = (code: string, message: string, fields?: ErrorFields): DomainError =>
  new DomainError('forbidden', code, message, fields);

/** A store that cannot be reached, is full or is damaged: the command may be repeated once it is back. `cause` is the driver's error. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
}

/** Ends an exhaustive switch: the compiler refuses a case that was forgotten. */
export function assertNever(value: never): never {
  throw new Error(`Unexpected value: ${JSON.stringify(value)}`);
}
