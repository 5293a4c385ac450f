import { type CallHandler, type ExecutionContext, Inject, Injectable, type NestInterceptor } from '@nestjs/common';
import { RegisterFeed } from '@faultline/commands';
import { parsePosition } from '@faultline/event-store';
import { type Clock, invalid, StoreUnavailable } from '@faultline/kernel';
import { type FastifyRequest } from 'fastify';
import { defer, from, type Observable, switchMap } from 'rxjs';
import { CLOCK, READ_SIDE } from '../platform/tokens';
import { type ReadSide } from '@faultline/read-side';

/** How long a request waits for the projections to reach the position it asks for. */
const patienceMs = 2_000;

/** `?after=<position>` on any GET: answers only from projections that have reached it. */
@Injectable()
export class AfterInterceptor implements NestInterceptor {
  constructor(
    @Inject(READ_SIDE) private readonly readSide: ReadSide,
    @Inject(RegisterFeed) private readonly registers: RegisterFeed,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const { after } = request.query as { after?: unknown };
    if (request.method !== 'GET' || after === undefined) return next.handle();
    return defer(() => from(this.wait(after))).pipe(switchMap(() => next.handle()));
  }

  private async wait(after: unknown): Promise<void> {
    if (typeof after !== 'string' || !parsePosition(after)) {
      throw invalid('request.invalid', 'after takes one position, as a command answered it', { pointer: '?after' });
    }
    const patience = new AbortController();
    const reached = this.reached(after, patience.signal).then(() => true);
    const late = this.clock.wait(patienceMs, patience.signal).then(() => false);
    const inTime = await Promise.race([reached, late]);
    patience.abort();
    reached.catch(() => undefined);
    if (!inTime) throw new StoreUnavailable('The projections have not reached this position yet');
  }

  /** Registers answer from this process's memory, everything else from the read models. */
  private async reached(position: string, patience: AbortSignal): Promise<void> {
    await Promise.all([this.readSide.reached(position, patience), this.registers.reached(position)]);
  }
}
