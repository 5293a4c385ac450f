import { Readable } from 'node:stream';
import { type CallHandler, type ExecutionContext, Inject, Injectable, type NestInterceptor } from '@nestjs/common';
import { type Environment } from '@faultline/config';
import { StoreUnavailable } from '@faultline/kernel';
import { type FastifyRequest } from 'fastify';
import { type Observable, throwError, timeout } from 'rxjs';
import { ENVIRONMENT } from '../platform/tokens';

const late = () => throwError(() => new StoreUnavailable('The stores did not answer in time'));

/**
 * Answers every command within STORE_TIMEOUT_MS, also one that waits its turn behind others: one that is not done by then may still be
 * carried out, which the same Idempotency-Key tells later. Uploads take as long as they take.
 */
@Injectable()
export class DeadlineInterceptor implements NestInterceptor {
  constructor(@Inject(ENVIRONMENT) private readonly environment: Environment) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const { method, body } = context.switchToHttp().getRequest<FastifyRequest>();
    const answer = next.handle();
    if (method === 'GET' || body instanceof Readable) return answer;
    return answer.pipe(timeout({ first: this.environment.storeTimeoutMs, with: late }));
  }
}
