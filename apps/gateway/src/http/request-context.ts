import { randomId } from '@faultline/kernel';
import { type Principal } from '@faultline/security';
import { type FastifyRequest } from 'fastify';

const contexts = new WeakMap<object, { correlationId: string; principal?: Principal }>();

function contextOf(request: FastifyRequest): { correlationId: string; principal?: Principal } {
  const known = contexts.get(request.raw);
  if (known) return known;
  const given = request.headers['x-correlation-id'];
  const acceptable = typeof given === 'string' && /^[\w.:-]{1,100}$/.test(given);
  const context = { correlationId: acceptable ? given : randomId() };
  contexts.set(request.raw, context);
  return context;
}

/** The id that ties together everything that one request brings about: the caller's `x-correlation-id`, else a fresh one. */
export const correlationIdOf = (request: FastifyRequest): string => contextOf(request).correlationId;

/** Remembers who is behind a request. */
export const setPrincipal = (request: FastifyRequest, principal: Principal): void => {
  contextOf(request).principal = principal;
};

/** Who is behind a request that has passed the guard. */
export function principalOf(request: FastifyRequest): Principal {
  const { principal } = contextOf(request);
  if (!principal) throw new Error('This route is not guarded');
  return principal;
}
