import { Inject } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { IncidentDesk } from './incident-desk';
import { type CommandAnswer, type LoggedAnswer, LogIncidentRequest, RunIncidentCommand } from './incident.messages';

/** Carries out one command on an incident that exists. */
@CommandHandler(RunIncidentCommand)
export class RunIncidentHandler implements ICommandHandler<RunIncidentCommand> {
  constructor(@Inject(IncidentDesk) private readonly desk: IncidentDesk) {}

  execute({ incident, command, envelope }: RunIncidentCommand): Promise<CommandAnswer> {
    return this.desk.run(incident, command, envelope);
  }
}

/** Logs an incident. */
@CommandHandler(LogIncidentRequest)
export class LogIncidentHandler implements ICommandHandler<LogIncidentRequest> {
  constructor(@Inject(IncidentDesk) private readonly desk: IncidentDesk) {}

  execute({ body, envelope, request }: LogIncidentRequest): Promise<LoggedAnswer & { readonly created: boolean }> {
    return this.desk.log(body, envelope, request);
  }
}
