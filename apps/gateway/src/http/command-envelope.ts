import { createHmac } from 'node:crypto';
import { Readable } from 'node:stream';
import { type CommandEnvelope } from '@faultline/commands';
import { canonicalJson, deriveId, invalid, type Json, randomId } from '@faultline/kernel';
import { type FastifyRequest } from 'fastify';
import { correlationIdOf, principalOf } from './request-context';

const header = (request: FastifyRequest, name: string): string | undefined => {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
};

/** The caller's idempotency key; the quotes of a structured-field string may be left out. */
export function idempotencyKeyOf(request: FastifyRequest): string | undefined {
  const given = header(request, 'idempotency-key');
  if (given === undefined) return undefined;
  const key = /^"(.*)"$/.exec(given)?.[1] ?? given;
  if (key.length === 0 || key.length > 255) {
    throw invalid('request.idempotency-key', 'Idempotency-Key takes 1 to 255 characters');
  }
  return key;
}

/** The revision of `If-Match`, undefined without one or for `*`. */
export function expectedRevisionOf(request: FastifyRequest): number | undefined {
  const given = header(request, 'if-match');
  if (given === undefined || given.trim() === '*') return undefined;
  const revision = /^(?:W\/)?"(\d{1,15})"$/.exec(given.trim())?.[1];
  if (revision === undefined) {
    throw invalid('request.if-match', 'If-Match takes one entity tag, such as "3"');
  }
  return Number(revision);
}

/**
 * The envelope of the command that a request asks for. With an `Idempotency-Key` the command's id derives from principal, route and
 * key, so that a repetition finds its own events in the log; the digest of the body is keyed, since bodies hold personal data.
 */
export function commandEnvelope(request: FastifyRequest, secret: Buffer): CommandEnvelope {
  const principal = principalOf(request);
  const key = idempotencyKeyOf(request);
  const route = `${request.method} ${request.url.split('?')[0] ?? ''}`;
  const expectedRevision = expectedRevisionOf(request);
  // A file is told apart by its own digest, once it has been read.
  const body = request.body instanceof Readable ? '' : canonicalJson((request.body ?? null) as Json);
  return {
    commandId: key === undefined ? randomId() : deriveId('command', principal.personId, route, key),
    ...(key === undefined ? {} : { commandDigest: createHmac('sha256', secret).update(body).digest('hex') }),
    actor: { id: principal.personId, kind: 'person' },
    via: { kind: 'api-key', id: principal.keyId },
    correlationId: correlationIdOf(request),
    ...(expectedRevision === undefined ? {} : { expectedRevision }),
  };
}
