import { Command } from '@nestjs/cqrs';
import { type CommandEnvelope } from '@faultline/commands';
import { type IncidentCommand } from '@faultline/incidents';
import { type FastifyRequest } from 'fastify';
import { type LogIncidentDto } from './incident.dto';

/** What a command answers. */
export type CommandAnswer = { readonly id: string; readonly revision: number; readonly position: string };

/** What logging answers. */
export type LoggedAnswer = CommandAnswer & { readonly number: string };

/** One command on an incident that exists, named by its id or number. */
export class RunIncidentCommand extends Command<CommandAnswer> {
  constructor(
    readonly incident: string,
    readonly command: IncidentCommand,
    readonly envelope: CommandEnvelope,
  ) {
    super();
  }
}

/** Logging a new incident; `created` is false where an open one holds the same external key. */
export class LogIncidentRequest extends Command<LoggedAnswer & { readonly created: boolean }> {
  constructor(
    readonly body: LogIncidentDto,
    readonly envelope: CommandEnvelope,
    readonly request: FastifyRequest,
  ) {
    super();
  }
}
