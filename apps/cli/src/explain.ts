import { EnvironmentError } from '@faultline/config';

/** Something that the user can see to; the message is all there is to say. */
export class UserError extends Error {
  override readonly name = 'UserError';
}

/** Failures of which the message tells the whole story: their stack would only hide it. */
const selfExplaining = new Set([
  'UserError',
  'ApiProblem',
  'DomainError',
  'StoreUnusable',
  'StoreUnavailable',
  'OutcomeUnknown',
  'ReadStoreUnusable',
  'KeyStoreUnusable',
  'KeyConflict',
  'BlobExists',
  'BlobDamaged',
  'MigrationRefused',
]);

const hints: Readonly<Record<string, string>> = {
  ENOSPC: 'The disk is full. Nothing that was acknowledged is lost; make room and start again.',
  EFBIG: 'A file would grow beyond the limit set for this process. Nothing that was acknowledged is lost.',
  EDQUOT: 'The disk quota is used up. Nothing that was acknowledged is lost; make room and start again.',
  EACCES: 'The files may not be read or written by this user.',
  EROFS: 'The file system may only be read.',
};

/** What a failure means to whoever ran the command. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof EnvironmentError) return `the environment cannot be used:\n${indent(error.message)}`;
  const { code, address, port } = error as NodeJS.ErrnoException & { address?: string; port?: number };
  if (code === 'EADDRINUSE') {
    return `port ${port ?? '?'} on ${address ?? 'this address'} is taken. Stop what listens there, or choose another one: PORT=3001`;
  }
  if (code === 'EADDRNOTAVAIL') return `this machine has no address ${address ?? '?'}: choose another HOST`;
  const hint = code === undefined ? undefined : hints[code];
  if (hint !== undefined) return `${hint} (${error.message})`;
  return selfExplaining.has(error.name) ? error.message : (error.stack ?? error.message);
}

const indent = (text: string): string => text.replaceAll(/^/gm, '  ');
