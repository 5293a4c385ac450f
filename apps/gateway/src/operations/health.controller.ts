import { Controller, Get, HttpCode, Inject, Res } from '@nestjs/common';
import { RegisterFeed } from '@faultline/commands';
import { type EventStore } from '@faultline/event-store';
import { type ReadStore } from '@faultline/read-store';
import { type FastifyReply } from 'fastify';
import { Public } from '../http/auth.guard';
import { type ReadSide } from '@faultline/read-side';
import { EVENT_STORE, READ_SIDE, READ_STORE } from '../platform/tokens';

type Check = { readonly ok: boolean; readonly detail?: string };

/** Whether this process lives, and whether it can serve. */
@Controller('health')
@Public()
export class HealthController {
  constructor(
    @Inject(EVENT_STORE) private readonly events: EventStore,
    @Inject(READ_STORE) private readonly documents: ReadStore,
    @Inject(READ_SIDE) private readonly readSide: ReadSide,
    @Inject(RegisterFeed) private readonly registers: RegisterFeed,
  ) {}

  @Get('live')
  live() {
    return { status: 'live' };
  }

  /** 200 when commands can be served; the body names what queries lack. */
  @Get('ready')
  @HttpCode(200)
  async ready(@Res({ passthrough: true }) reply: FastifyReply) {
    const eventStore = await check(() => this.events.head());
    const readStore = await check(() => this.documents.liveVersion('incidents'));
    const registers: Check = this.registers.failure === undefined ? { ok: true } : failed(this.registers.failure);
    const projections = await this.projections();
    const ready = eventStore.ok && registers.ok;
    if (!ready) void reply.status(503);
    const status = ready ? (readStore.ok && projections.ok ? 'ready' : 'commands-only') : 'not-ready';
    return { status, checks: { eventStore, registers, readStore, projections } };
  }

  private async projections() {
    const { failure } = this.readSide;
    if (failure !== undefined) return { ok: false, detail: failure };
    const status = await this.readSide.status();
    return { ok: true, lagMs: Math.max(0, ...status.map(({ lagMs }) => lagMs)) };
  }
}

async function check(ask: () => Promise<unknown>): Promise<Check> {
  try {
    await ask();
    return { ok: true };
  } catch (error) {
    return failed(error);
  }
}

const failed = (error: unknown): Check => ({
  ok: false,
  detail: error instanceof Error ? error.message : String(error),
});
