import { Inject, Injectable } from '@nestjs/common';
import {
  type Catalog,
  type CatalogCommand,
  catalogDecider,
  type CatalogEvent,
  catalogStream,
} from '@faultline/catalog';
import {
  type Aggregate,
  type CommandEnvelope,
  type CommandOutcome,
  CommandRuntime,
  RegisterFeed,
} from '@faultline/commands';
import {
  type Person,
  type PersonCommand,
  personDecider,
  type PersonEvent,
  PersonRegister,
  personStream,
  type Service,
  type ServiceCommand,
  serviceDecider,
  type ServiceEvent,
  serviceStream,
  type Team,
  type TeamCommand,
  teamDecider,
  type TeamEvent,
  type TeamFacts,
  TeamRegister,
  teamStream,
} from '@faultline/organisation';
import { type ApiKey, type ApiKeyCommand, apiKeyDecider, type ApiKeyEvent, apiKeyStream } from '@faultline/security';
import { partOf } from './catalog-parts';

const byActor = (_state: unknown, _events: unknown, actor: { readonly id: string }): string => actor.id;

const teams: Aggregate<Team, TeamCommand, TeamEvent, TeamFacts> = {
  name: 'team',
  decider: teamDecider,
  subject: byActor,
};

const services: Aggregate<Service, ServiceCommand, ServiceEvent> = {
  name: 'service',
  decider: serviceDecider,
  subject: byActor,
};

/** What stands in a person's events is that person's. */
const persons: Aggregate<Person, PersonCommand, PersonEvent> = {
  name: 'person',
  decider: personDecider,
  subject: (person, events, actor) => {
    const registered = events.find((event) => event.type === 'PersonRegistered');
    return person.id ?? registered?.data.id ?? actor.id;
  },
};

const catalog: Aggregate<Catalog, CatalogCommand, CatalogEvent> = {
  name: 'catalog',
  decider: catalogDecider,
  subject: byActor,
};

const keys: Aggregate<ApiKey, ApiKeyCommand, ApiKeyEvent> = { name: 'key', decider: apiKeyDecider, subject: byActor };

/** Commands on registers. Each answers once the registers of this process reflect it. */
@Injectable()
export class RegisterCommands {
  constructor(
    @Inject(CommandRuntime) private readonly runtime: CommandRuntime,
    @Inject(RegisterFeed) private readonly feed: RegisterFeed,
    @Inject(TeamRegister) private readonly teams: TeamRegister,
    @Inject(PersonRegister) private readonly persons: PersonRegister,
  ) {}

  team(key: string, command: TeamCommand, envelope: CommandEnvelope): Promise<CommandOutcome<Team>> {
    const facts: TeamFacts = {
      tierOf: (other) => this.teams.get(other)?.tier,
      hasPerson: (id) => this.persons.has(id),
    };
    return this.reflected(this.runtime.execute(teams, teamStream(key), { command, envelope, facts }));
  }

  service(key: string, command: ServiceCommand, envelope: CommandEnvelope): Promise<CommandOutcome<Service>> {
    const request = { command, envelope, facts: undefined };
    return this.reflected(this.runtime.execute(services, serviceStream(key), request));
  }

  person(id: string, command: PersonCommand, envelope: CommandEnvelope): Promise<CommandOutcome<Person>> {
    return this.reflected(this.runtime.execute(persons, personStream(id), { command, envelope, facts: undefined }));
  }

  /** Goes to the stream of the part that the command is about. */
  catalog(command: CatalogCommand, envelope: CommandEnvelope): Promise<CommandOutcome<Catalog>> {
    const stream = catalogStream(partOf(command));
    return this.reflected(this.runtime.execute(catalog, stream, { command, envelope, facts: undefined }));
  }

  key(id: string, command: ApiKeyCommand, envelope: CommandEnvelope): Promise<CommandOutcome<ApiKey>> {
    return this.reflected(this.runtime.execute(keys, apiKeyStream(id), { command, envelope, facts: undefined }));
  }

  private async reflected<State>(running: Promise<CommandOutcome<State>>): Promise<CommandOutcome<State>> {
    const outcome = await running;
    await this.feed.reached(outcome.position);
    return outcome;
  }
}
