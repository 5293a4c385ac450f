import { Controller, Get, HttpCode, Inject, Res } from '@nestjs/common';
import { RegisterFeed } from '@faultline/commands';
import { type EventStore } from '@faultline/event-store';
import { systemClock } from '@faultline/kernel';
import { type Check, Probe } from '@faultline/programs';
import { type ReadStore } from '@faultline/read-store';
import { type FastifyReply } from 'fastify';
import { Public } from '../http/auth.guard';
import { type ReadSide } from '@faultline/read-side';
import { EVENT_STORE, READ_SIDE, READ_STORE } from '../platform/tokens';

/** Whether this process lives, and whether it can serve. */
@Controller('health')
@Public()
export class HealthController {
  private readonly eventStore: Probe;
  private readonly readStore: Probe;
  private readonly projections: Probe;

  constructor(
    @Inject(EVENT_STORE) events: EventStore,
    @Inject(READ_STORE) documents: ReadStore,
    @Inject(READ_SIDE) private readonly readSide: ReadSide,
    @Inject(RegisterFeed) private readonly registers: RegisterFeed,
  ) {
    const answers = (ask: () => Promise<unknown>) => new Probe(() => ask().then(() => ({})), systemClock);
    this.eventStore = answers(() => events.head());
    this.readStore = answers(() => documents.liveVersion('incidents'));
    this.projections = new Probe(() => this.lag(), systemClock);
  }

  @Get('live')
  live() {
    return { status: 'live' };
  }

  /** 200 when commands can be served; the body names what queries lack. */
  @Get('ready')
  @HttpCode(200)
  async ready(@Res({ passthrough: true }) reply: FastifyReply) {
    const probes = [this.eventStore, this.readStore, this.projections] as const;
    const [eventStore, readStore, projections] = await Promise.all(probes.map((probe) => probe.check()));
    const registers = checkOf(this.registers.failure);
    const checks = { eventStore, registers, readStore, projections };
    const ready = eventStore?.ok === true && registers.ok;
    if (!ready) void reply.status(503).header('retry-after', '5');
    const whole = readStore?.ok === true && projections?.ok === true;
    return { status: ready ? (whole ? 'ready' : 'commands-only') : 'not-ready', checks };
  }

  private async lag() {
    const { failure } = this.readSide;
    if (failure !== undefined) throw new Error(failure);
    const status = await this.readSide.status();
    return { lagMs: Math.max(0, ...status.map(({ lagMs }) => lagMs)) };
  }
}

const checkOf = (failure: unknown): Check =>
  failure === undefined
    ? { ok: true }
    : { ok: false, detail: failure instanceof Error ? failure.message : 'They stopped' };
