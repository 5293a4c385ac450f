import { type FastifyInstance } from 'fastify';

/** Content types of which the body is handed on as a stream, unread and unlimited: the route that takes it sees to both. */
const streamed = ['text/csv', 'application/gzip', 'application/octet-stream', 'application/x-gzip'];

/** Lets files through as streams; a POST without a body counts as one with an empty object. */
export function acceptStreams(fastify: FastifyInstance): void {
  for (const type of streamed) {
    fastify.addContentTypeParser(type, (_request, payload, done) => {
      done(null, payload);
    });
  }
  fastify.addHook('preValidation', (request, _reply, done) => {
    if (request.method === 'POST' && (request.body === undefined || request.body === null)) request.body = {};
    done();
  });
}
