import Fastify from 'fastify';

// The bare limit: the same HTTP server, reading the same body and answering a constant.

const fastify = Fastify();
fastify.post('/v1/incidents', (_request, reply) => reply.status(201).send({ id: 'constant', number: 'INC0000001' }));
void fastify.listen({ port: 0, host: '127.0.0.1' }).then((url) => process.stdout.write(`${url}\n`));
