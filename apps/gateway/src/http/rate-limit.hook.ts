import { createHash } from 'node:crypto';
import { type FastifyInstance } from 'fastify';
import { type Platform } from '../platform/platform';
import { failureOf, problemOf } from './problem';
import { RateLimit } from './rate-limit';
import { correlationIdOf } from './request-context';

/** Counts requests by the key presented and tells every client where it stands. */
export function limitRate(fastify: FastifyInstance, { environment, clock }: Platform): void {
  const limit = new RateLimit(environment.rateLimitPerMinute, clock);
  fastify.addHook('onRequest', (request, reply, done) => {
    const { authorization } = request.headers;
    const key = authorization === undefined ? request.ip : createHash('sha256').update(authorization).digest('base64');
    try {
      const allowance = request.url.startsWith('/health/') ? undefined : limit.take(key);
      if (allowance) {
        void reply.header('ratelimit-limit', String(allowance.limit));
        void reply.header('ratelimit-remaining', String(allowance.remaining));
        void reply.header('ratelimit-reset', String(allowance.resetSeconds));
      }
      done();
    } catch (error) {
      const problem = problemOf(failureOf(error), correlationIdOf(request));
      void reply
        .status(problem.status)
        .header('retry-after', String(Number(problem['retryAfterSeconds'] ?? 1)))
        .header('content-type', 'application/problem+json; charset=utf-8')
        .send(JSON.stringify(problem));
    }
  });
}
