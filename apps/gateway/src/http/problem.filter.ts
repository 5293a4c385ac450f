import { type ArgumentsHost, Catch, type ExceptionFilter, Inject } from '@nestjs/common';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { systemClock } from '@faultline/kernel';
import { TroubleLog } from '@faultline/programs';
import { type Logger } from 'pino';
import { LOGGER } from '../platform/tokens';
import { correlationIdOf } from './request-context';
import { failureOf, problemOf } from './problem';

/** Seconds after which a client may try again what a store refused. */
const retryAfterSeconds = 1;

/** Answers every error as `application/problem+json`; what is our fault is logged, with its cause; that a store is away, once a minute. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly troubles = new TroubleLog(systemClock);

  constructor(@Inject(LOGGER) private readonly logger: Logger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    const correlationId = correlationIdOf(request);
    const failure = failureOf(error);
    const log = () => {
      this.logger.error({ err: error, correlationId, route: request.url }, failure.detail);
    };
    if (failure.status === 503) this.troubles.tell(String(error), log);
    else if (failure.status >= 500) log();
    if (reply.sent) return;
    if (failure.status === 503) void reply.header('retry-after', String(retryAfterSeconds));
    if (failure.status === 401) void reply.header('www-authenticate', 'Bearer');
    void reply
      .status(failure.status)
      .header('content-type', 'application/problem+json; charset=utf-8')
      .send(JSON.stringify(problemOf(failure, correlationId)));
  }
}
