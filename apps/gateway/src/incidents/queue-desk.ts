import { Inject, Injectable } from '@nestjs/common';
import { type CommandEnvelope, CommandRuntime, KeyedMutex } from '@faultline/commands';
import { incidentIdOf, incidentStream, isInQueue } from '@faultline/incidents';
import { DomainError } from '@faultline/kernel';
import { type IncidentDocument, incidentProjection } from '@faultline/read-models';
import { type Filter, type ReadStore, type Sort, versionedName } from '@faultline/read-store';
import { READ_STORE } from '../platform/tokens';
import { incidentAggregate } from './aggregates';
import { Claims } from './claims';
import { IncidentFactsSource } from './incident-facts';
import { type LoggedAnswer } from './incident.messages';

const pageSize = 50;

/** Oldest first among those of one priority. */
const urgency: Sort = [
  ['priority', 1],
  ['loggedAt', 1],
];

/** Hands out what waits in queues: the read model says in which order to try, the incident's own stream who gets it. */
@Injectable()
export class QueueDesk {
  private readonly mutex = new KeyedMutex();

  constructor(
    @Inject(CommandRuntime) private readonly runtime: CommandRuntime,
    @Inject(IncidentFactsSource) private readonly source: IncidentFactsSource,
    @Inject(Claims) private readonly claims: Claims,
    @Inject(READ_STORE) private readonly store: ReadStore,
  ) {}

  /**
   * The most urgent incident that waits in the team's queue, assigned to the actor; undefined where none waits. With a digest, that
   * is under an Idempotency-Key, the request's own stream names the incident before it is assigned: a repetition gets the same one.
   */
  next(team: string, envelope: CommandEnvelope): Promise<LoggedAnswer | undefined> {
    const claim =
      envelope.commandDigest === undefined ? undefined : this.claims.streamOf('request', envelope.commandId);
    // One after the other: otherwise all who ask at once would race for the same incident, then for the next.
    return this.claims.alone(envelope, () => this.mutex.run(team, () => this.handOut(team, claim, envelope)));
  }

  private async handOut(
    team: string,
    claim: string | undefined,
    envelope: CommandEnvelope,
  ): Promise<LoggedAnswer | undefined> {
    let named = claim === undefined ? null : await this.claims.holder(claim);
    const again = named === null ? undefined : await this.take(named, team, envelope);
    if (again) return again;
    for await (const number of this.waiting(team)) {
      if (claim !== undefined) named = await this.claims.claim(claim, { number, supersedes: named }, envelope);
      const taken = await this.take(named ?? number, team, envelope);
      if (taken) return taken;
    }
    return undefined;
  }

  /** Assigns the incident to the actor, or finds that this very request has done so; undefined where somebody else was faster. */
  private async take(number: string, team: string, envelope: CommandEnvelope): Promise<LoggedAnswer | undefined> {
    const id = incidentIdOf(number);
    const command = { type: 'TakeFromQueue', team } as const;
    const { facts } = this.source;
    try {
      const request = { command, envelope, facts };
      const { revision, position } = await this.runtime.execute(incidentAggregate, incidentStream(id), request);
      return { id, number, revision, position };
    } catch (error) {
      if (error instanceof DomainError && error.code === 'incident.not-in-queue') return undefined;
      throw error;
    }
  }

  /** The numbers of what waits, most urgent first; those without a priority come last. */
  private async *waiting(team: string): AsyncGenerator<string> {
    const queued = { team, open: true, state: 'queued', agent: null };
    yield* this.stillWaiting({ ...queued, priority: { $gte: 1 } }, team);
    yield* this.stillWaiting({ ...queued, priority: null }, team);
  }

  /** The read model may be behind: each stream is asked whether its incident waits still. */
  private async *stillWaiting(filter: Filter, team: string): AsyncGenerator<string> {
    const collection = versionedName(incidentProjection.name, await this.store.liveVersion(incidentProjection.name));
    let after: readonly unknown[] | undefined;
    for (;;) {
      const page = await this.store.find<IncidentDocument>(collection, {
        filter,
        sort: urgency,
        limit: pageSize,
        ...(after ? { after } : {}),
      });
      for (const { _id } of page) {
        const { state } = await this.runtime.load(incidentAggregate, incidentStream(_id));
        if (isInQueue(state, team) && state.number !== null) yield state.number;
      }
      const last = page.at(-1);
      if (!last || page.length < pageSize) return;
      after = [last.priority, last.loggedAt, last._id];
    }
  }
}
