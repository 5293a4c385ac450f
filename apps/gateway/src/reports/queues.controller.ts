import { Body, Controller, Get, Inject, Param, Post, Query, Req, Res } from '@nestjs/common';
import { notFound } from '@faultline/kernel';
import { TeamRegister } from '@faultline/organisation';
import { incidentProjection, queueCounter, type QueueLabels } from '@faultline/read-models';
import { type CountDocument } from '@faultline/projections';
import { type ReadStore, versionedName } from '@faultline/read-store';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { Requires } from '../http/auth.guard';
import { CommandEnvelopes } from '../http/command-envelopes';
import { sendAs } from '../http/formats';
import { QueryReader, type RawQuery } from '../http/query';
import { principalOf } from '../http/request-context';
import { EmptyDto } from '../incidents/incident.dto';
import { type LoggedAnswer } from '../incidents/incident.messages';
import { IncidentQueries } from '../incidents/incident-queries';
import { filterParameters, incidentFilter } from '../incidents/list-filters';
import { QueueDesk } from '../incidents/queue-desk';
import { READ_STORE } from '../platform/tokens';

type Queue = {
  readonly team: string | null;
  readonly name: string | null;
  readonly tier: number | null;
  open: number;
  unassigned: number;
  readonly byState: Record<string, number>;
  readonly byPriority: Record<string, number>;
};

/** What waits where: counts of open incidents by queue, and the queues themselves. */
@Controller('v1/queues')
@Requires('incident.read')
export class QueuesController {
  constructor(
    @Inject(READ_STORE) private readonly store: ReadStore,
    @Inject(TeamRegister) private readonly teams: TeamRegister,
    @Inject(IncidentQueries) private readonly queries: IncidentQueries,
    @Inject(QueueDesk) private readonly desk: QueueDesk,
    @Inject(CommandEnvelopes) private readonly envelopes: CommandEnvelopes,
  ) {}

  @Get()
  async counts(@Query() raw: RawQuery, @Res({ passthrough: true }) reply: FastifyReply): Promise<unknown> {
    const query = new QueryReader(raw, ['format']);
    const version = await this.store.liveVersion(incidentProjection.name);
    const documents = await this.store.find<CountDocument>(versionedName(queueCounter.name, version));
    const queues = new Map<string, Queue>();
    for (const { key, tier, name } of this.teams.all()) {
      queues.set(JSON.stringify([key, tier]), { ...empty, team: key, name, tier, byState: {}, byPriority: {} });
    }
    for (const { labels, counts } of documents) {
      if ((counts['open'] ?? 0) > 0) this.add(queues, labels as QueueLabels, counts);
    }
    const items = [...queues.values()].sort((a, b) => compare(a.team, b.team) || (a.tier ?? 0) - (b.tier ?? 0));
    return sendAs(query.oneOf('format', ['json', 'csv']), reply, { items, nextCursor: null });
  }

  @Get(':team')
  async queue(
    @Param('team') team: string,
    @Query() raw: RawQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<unknown> {
    const query = new QueryReader(raw, [...filterParameters, 'limit', 'cursor', 'sort', 'format']);
    if (team !== 'null' && !this.teams.get(team))
      throw notFound('team.not-found', `There is no team ${team}`, { team });
    const range = { from: query.instant('from'), to: query.instant('to') };
    const own = { team: team === 'null' ? null : team, open: true };
    const filter = { $and: [own, incidentFilter(raw, principalOf(request).personId, range)] };
    const page = await this.queries.list(filter, query, { defaultSort: 'priority' });
    return sendAs(query.oneOf('format', ['json', 'csv']), reply, page);
  }

  /** Hands the caller the most urgent incident that waits there: 204 where none does. */
  @Post(':team/next')
  @Requires('incident.command')
  async next(
    @Param('team') team: string,
    @Body() _body: EmptyDto,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<LoggedAnswer | undefined> {
    if (!this.teams.has(team)) throw notFound('team.not-found', `There is no team ${team}`, { team });
    // Which incident it will be nobody knows beforehand, so that there is no revision to name.
    const { expectedRevision: _revision, ...envelope } = this.envelopes.of(request);
    const answer = await this.desk.next(team, envelope);
    if (answer) void reply.status(200).header('location', `/v1/incidents/${answer.id}`);
    else void reply.status(204);
    return answer;
  }

  private add(queues: Map<string, Queue>, labels: QueueLabels, counts: Readonly<Record<string, number>>): void {
    const { team, tier, state, priority } = labels;
    const key = JSON.stringify([team, tier]);
    const name = team === null ? null : (this.teams.get(team)?.name ?? null);
    const queue = queues.get(key) ?? { ...empty, team, name, tier, byState: {}, byPriority: {} };
    const open = counts['open'] ?? 0;
    queue.open += open;
    queue.unassigned += counts['unassigned'] ?? 0;
    queue.byState[state] = (queue.byState[state] ?? 0) + open;
    queue.byPriority[String(priority)] = (queue.byPriority[String(priority)] ?? 0) + open;
    queues.set(key, queue);
  }
}

const empty = { open: 0, unassigned: 0 };

const compare = (a: string | null, b: string | null): number => {
  if (a === b) return 0;
  if (a === null) return 1;
  if (b === null) return -1;
  return a < b ? -1 : 1;
};
