import { Inject, Injectable } from '@nestjs/common';
import { type Aggregate, type CommandEnvelope, CommandRuntime } from '@faultline/commands';
import {
  bulkDecider,
  type BulkRequested,
  type BulkState,
  bulkStream,
  type IncidentCommand,
  type RequestBulk,
} from '@faultline/incidents';
import { conflict, deriveId, DomainError, isUuid, notFound } from '@faultline/kernel';
import { failureOf, type Problem, problemOf } from '../http/problem';
import { Claims } from './claims';
import { IncidentDesk } from './incident-desk';
import { IncidentHistory } from './incident-history';
import { type CommandAnswer } from './incident.messages';

const bulks: Aggregate<BulkState, RequestBulk, BulkRequested> = {
  name: 'bulk',
  decider: bulkDecider,
  subject: (_state, _events, actor) => actor.id,
};

/** What came of a bulk for one incident. */
export type BulkItem =
  | ({ readonly outcome: 'done' } & CommandAnswer)
  | { readonly outcome: 'refused'; readonly id: string; readonly problem: Problem };

/** What came of a bulk, incident by incident, and the position by which all of it is in the log. */
export type BulkAnswer = {
  readonly correlationId: string;
  readonly items: readonly BulkItem[];
  readonly position: string;
};

/** Work on one incident of a bulk. */
type Task = (id: string, envelope: CommandEnvelope) => Promise<CommandAnswer>;

/** Incidents that are worked on at a time: enough for appends to share a flush to disk. */
const atATime = 10;

/** Commands on many incidents at once: each is decided on its own, and all that happens shares one correlation id. */
@Injectable()
export class BulkDesk {
  constructor(
    @Inject(CommandRuntime) private readonly runtime: CommandRuntime,
    @Inject(IncidentDesk) private readonly desk: IncidentDesk,
    @Inject(Claims) private readonly claims: Claims,
    @Inject(IncidentHistory) private readonly history: IncidentHistory,
  ) {}

  /**
   * One command on each of the incidents. The bulk's own stream, named by the correlation id, says first which they are; ids derive
   * from the request's, so that a repetition under the same Idempotency-Key carries out only what is missing. Throws
   * `idempotency.other-body`, StoreUnavailable: both end the bulk, a refusal by a rule only its incident.
   */
  run(
    name: string,
    incidents: readonly string[],
    toCommand: () => Promise<IncidentCommand>,
    envelope: CommandEnvelope,
  ): Promise<BulkAnswer> {
    const correlationId = deriveId('bulk', envelope.commandId);
    return this.claims.alone(envelope, async () => {
      const command = await toCommand();
      const request = { type: 'RequestBulk', command: name, incidents } as const;
      const { position } = await this.runtime.execute(bulks, bulkStream(correlationId), {
        command: request,
        envelope: { ...envelope, correlationId },
        facts: undefined,
      });
      const one: Task = (id, own) => this.desk.run(id, command, own);
      const items = await this.each(incidents, one, { ...bare(envelope), correlationId });
      return { correlationId, items, position: latest(position, items) };
    });
  }

  /**
   * Makes up for what a bulk did, incident by incident, as far as each still is as the bulk left it: what was undone before is not
   * undone twice. Throws `bulk.not-found`.
   */
  async undo(correlationId: string, envelope: CommandEnvelope): Promise<BulkAnswer> {
    const known = isUuid(correlationId) ? await this.runtime.load(bulks, bulkStream(correlationId)) : undefined;
    if (!known?.state) throw notFound('bulk.not-found', `There was no bulk ${correlationId}`, { correlationId });
    const { position } = known;
    const { incidents } = known.state;
    const commandId = deriveId('undo', correlationId);
    const undoing = { ...bare(envelope), commandId, causationId: correlationId };
    return this.claims.alone(undoing, async () => {
      const one: Task = async (id, own) => {
        const events = await this.history.ofCorrelation(id, correlationId);
        if (events.length === 0) throw conflict('bulk.nothing-done', 'The bulk changed nothing here');
        return this.desk.run(id, { type: 'UndoEvents', events }, own);
      };
      const items = await this.each(incidents, one, undoing);
      return { correlationId: envelope.correlationId, items, position: latest(position, items) };
    });
  }

  private async each(incidents: readonly string[], task: Task, envelope: CommandEnvelope): Promise<BulkItem[]> {
    const items: BulkItem[] = [];
    for (let start = 0; start < incidents.length; start += atATime) {
      const some = incidents.slice(start, start + atATime);
      const settled = await Promise.allSettled(some.map((id) => this.one(id, task, envelope)));
      for (const result of settled) {
        if (result.status === 'rejected') throw result.reason;
        items.push(result.value);
      }
    }
    return items;
  }

  private async one(id: string, task: Task, envelope: CommandEnvelope): Promise<BulkItem> {
    const commandId = deriveId(envelope.commandId, id);
    const { causationId = envelope.commandId } = envelope;
    try {
      return { outcome: 'done', ...(await task(id, { ...envelope, commandId, causationId })) };
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      return { outcome: 'refused', id, problem: problemOf(failureOf(error), envelope.correlationId) };
    }
  }
}

const latest = (position: string, items: readonly BulkItem[]): string =>
  items.reduce((last, item) => (item.outcome === 'done' && item.position > last ? item.position : last), position);

/** The envelope without what binds it to one stream or to the request's own body. */
function bare(envelope: CommandEnvelope): CommandEnvelope {
  const { expectedRevision: _revision, commandDigest: _digest, ...rest } = envelope;
  return rest;
}
