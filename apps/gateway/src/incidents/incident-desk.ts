import { Inject, Injectable } from '@nestjs/common';
import { type CommandEnvelope, type CommandOutcome, CommandRuntime } from '@faultline/commands';
import {
  type Incident,
  type IncidentCommand,
  incidentIdOf,
  incidentStream,
  isOpen,
  type LogIncident,
} from '@faultline/incidents';
import { type Clock, conflict, DomainError, forbidden, invalid, isUuid, toInstant } from '@faultline/kernel';
import { permits } from '@faultline/security';
import { type FastifyRequest } from 'fastify';
import { idempotencyKeyOf } from '../http/command-envelope';
import { principalOf } from '../http/request-context';
import { CLOCK } from '../platform/tokens';
import { incidentAggregate } from './aggregates';
import { Claims } from './claims';
import { type LogIncidentDto } from './incident.dto';
import { IncidentFactsSource } from './incident-facts';
import { type CommandAnswer, type LoggedAnswer } from './incident.messages';
import { NumberAllocator } from './number-allocator';
import { PersonResolver } from './person-resolver';

type Logged = LoggedAnswer & { readonly created: boolean };
type Candidate = { readonly number: string; readonly holder: boolean };

const numbersTried = 1_000;

/** The desk's counter: carries out commands on incidents, and logs new ones under a number that nobody else has. */
@Injectable()
export class IncidentDesk {
  constructor(
    @Inject(CommandRuntime) private readonly runtime: CommandRuntime,
    @Inject(IncidentFactsSource) private readonly source: IncidentFactsSource,
    @Inject(NumberAllocator) private readonly numbers: NumberAllocator,
    @Inject(PersonResolver) private readonly persons: PersonResolver,
    @Inject(Claims) private readonly claims: Claims,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** One command on an incident named by id or number. Throws the refusing rule's DomainError. */
  async run(idOrNumber: string, command: IncidentCommand, envelope: CommandEnvelope): Promise<CommandAnswer> {
    const id = isUuid(idOrNumber) ? idOrNumber.toLowerCase() : incidentIdOf(idOrNumber);
    return this.claims.alone(envelope, async () => {
      if (opensAgain(command)) await this.keepKey(id, envelope);
      return answer(id, await this.execute(id, command, envelope));
    });
  }

  /** Logs an incident, or answers the open one that holds the same external key. */
  log(body: LogIncidentDto, envelope: CommandEnvelope, request: FastifyRequest): Promise<Logged> {
    this.refusePast(body, request);
    return this.claims.alone(envelope, async () => {
      const requester = await this.persons.resolve(body.requester, request);
      const { occurredAt, ...fields } = body;
      const command: Omit<LogIncident, 'number'> = {
        type: 'LogIncident',
        ...fields,
        requester,
        agent: this.persons.known(body.agent, request),
        resolution: this.persons.verified(body.resolution, request),
      };
      const dated = occurredAt === undefined ? envelope : past(envelope, occurredAt, body.reason);
      const claims = [
        ...(idempotencyKeyOf(request) === undefined ? [] : [this.claims.streamOf('request', envelope.commandId)]),
        ...(body.externalKey === undefined ? [] : [this.claims.streamOf('external-key', body.externalKey)]),
      ];
      return this.logUnder(claims, command, dated);
    });
  }

  /**
   * With claims, a stream for each names the incident first; whoever finds it there, this process after a crash or another one,
   * finishes what is missing or answers what is there.
   */
  private async logUnder(
    claims: readonly string[],
    command: Omit<LogIncident, 'number'>,
    envelope: CommandEnvelope,
  ): Promise<Logged> {
    for (let attempt = 0; attempt < numbersTried; attempt += 1) {
      const { number, holder } = await this.candidate(claims, envelope);
      const id = incidentIdOf(number);
      if (holder) {
        const { state, end, position, commands } = await this.runtime.load(incidentAggregate, incidentStream(id));
        const own = commands.has(envelope.commandId);
        if (state.number !== null && !own) return { id, number, revision: end.revision, position, created: false };
      }
      try {
        const outcome = await this.execute(id, { ...command, number }, envelope);
        return { ...answer(id, outcome), number, created: true };
      } catch (error) {
        // An import brought this number along: the block was reserved before it.
        if (!(error instanceof DomainError) || error.code !== 'incident.already-logged') throw error;
      }
    }
    throw conflict('incident.no-number', 'No free number was found');
  }

  private async candidate(claims: readonly string[], envelope: CommandEnvelope): Promise<Candidate> {
    let candidate: Candidate | undefined;
    for (const claim of claims) {
      const holding = await this.claims.holder(claim);
      if (holding !== null && (await this.mayHold(holding, envelope))) {
        candidate = { number: holding, holder: true };
        continue;
      }
      const number = candidate?.number ?? (await this.numbers.next());
      const holder = await this.claims.claim(claim, { number, supersedes: holding }, envelope);
      candidate = { number: holder ?? number, holder: holder !== number };
    }
    return candidate ?? { number: await this.numbers.next(), holder: false };
  }

  /** Whether a claim on a key still stands: its incident is open, was logged by this very command, or never (a crash came between). */
  private async mayHold(number: string, { commandId }: Pick<CommandEnvelope, 'commandId'>): Promise<boolean> {
    const { state, commands } = await this.runtime.load(incidentAggregate, incidentStream(incidentIdOf(number)));
    return state.number === null || isOpen(state.state) || commands.has(commandId);
  }

  /** Whether another open incident has the external key of this one by now, so that this one cannot be opened again. */
  async hasLostKey({ externalKey, number }: Incident): Promise<boolean> {
    if (externalKey === null) return false;
    const { holder } = await this.keyHolder(externalKey);
    return holder !== null && holder !== number && (await this.mayHold(holder, { commandId: '' }));
  }

  /** An incident that is opened again takes its external key back, unless another open one holds it by now. */
  private async keepKey(id: string, envelope: CommandEnvelope): Promise<void> {
    const { state } = await this.runtime.load(incidentAggregate, incidentStream(id));
    if (state.externalKey === null || state.number === null) return;
    const { stream, holder } = await this.keyHolder(state.externalKey);
    if (holder === state.number) return;
    if (holder !== null && (await this.mayHold(holder, envelope))) {
      throw conflict('incident.external-key-taken', `${holder} is open under the same external key`, { holder });
    }
    await this.claims.claim(stream, { number: state.number, supersedes: holder }, envelope);
  }

  private async keyHolder(key: string): Promise<{ readonly stream: string; readonly holder: string | null }> {
    const stream = this.claims.streamOf('external-key', key);
    return { stream, holder: await this.claims.holder(stream) };
  }

  private execute(id: string, command: IncidentCommand, envelope: CommandEnvelope): Promise<CommandOutcome<Incident>> {
    const { facts } = this.source;
    return this.runtime.execute(incidentAggregate, incidentStream(id), { command, envelope, facts });
  }

  private refusePast({ occurredAt, reason }: LogIncidentDto, request: FastifyRequest): void {
    if (occurredAt === undefined) return;
    if (!permits(principalOf(request), 'incident.log-for-the-past')) {
      throw forbidden('auth.forbidden', 'Logging for the past needs the permission incident.log-for-the-past', {
        permission: 'incident.log-for-the-past',
      });
    }
    if (reason === undefined) {
      throw invalid('incident.past-needs-reason', 'Logging for the past needs a reason', { pointer: '/reason' });
    }
    if (Date.parse(occurredAt) > this.clock.now()) {
      throw invalid('incident.future-instant', 'An incident cannot be logged for the future', {
        pointer: '/occurredAt',
      });
    }
  }
}

/** Whether a resolved incident is to be open again, which takes its external key. */
const opensAgain = (command: IncidentCommand): boolean =>
  command.type === 'ReopenIncident' ||
  command.type === 'RefuseResolution' ||
  (command.type === 'UndoEvents' && command.events.some(({ event }) => event.type === 'Resolved'));

const answer = (id: string, { revision, position }: CommandOutcome<Incident>): CommandAnswer => ({
  id,
  revision,
  position,
});

const past = (envelope: CommandEnvelope, occurredAt: string, reason: string | undefined): CommandEnvelope => ({
  ...envelope,
  occurredAt: toInstant(Date.parse(occurredAt)),
  ...(reason === undefined ? {} : { reason }),
});
