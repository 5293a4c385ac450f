import { type DynamicModule, Module, type Provider } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR } from '@nestjs/core';
import { CqrsModule } from '@nestjs/cqrs';
import { CommandRuntime, EventCodec, RegisterFeed } from '@faultline/commands';
import { CatalogRegister } from '@faultline/catalog';
import { PersonRegister, ServiceRegister, TeamRegister } from '@faultline/organisation';
import { KeyRegister } from '@faultline/security';
import { AfterInterceptor } from './http/after.interceptor';
import { AuthGuard } from './http/auth.guard';
import { CommandEnvelopes } from './http/command-envelopes';
import { DeadlineInterceptor } from './http/deadline.interceptor';
import { EtagInterceptor } from './http/etag.interceptor';
import { ProblemFilter } from './http/problem.filter';
import { ImportsController } from './imports/imports.controller';
import { ImportFiles } from './imports/import-files';
import { ImportService } from './imports/import.service';
import { ImportTargetFactory } from './imports/import-target';
import { ImportedRegisters } from './imports/imported-registers';
import { BulkController } from './incidents/bulk.controller';
import { BulkDesk } from './incidents/bulk-desk';
import { Claims } from './incidents/claims';
import { IncidentCommandsController } from './incidents/incident-commands.controller';
import { IncidentDesk } from './incidents/incident-desk';
import { IncidentFactsSource } from './incidents/incident-facts';
import { LogIncidentHandler, RunIncidentHandler } from './incidents/incident.handlers';
import { IncidentHistory } from './incidents/incident-history';
import { IncidentPresenter } from './incidents/incident-presenter';
import { IncidentQueries } from './incidents/incident-queries';
import { IncidentQueriesController } from './incidents/incident-queries.controller';
import { MyIncidentsController } from './incidents/my-incidents.controller';
import { NumberAllocator } from './incidents/number-allocator';
import { PresentIncident } from './incidents/present-incident';
import { PersonResolver } from './incidents/person-resolver';
import { QueueDesk } from './incidents/queue-desk';
import { AuditController } from './operations/audit.controller';
import { HealthController } from './operations/health.controller';
import { ProjectionsController } from './operations/projections.controller';
import { type Platform } from './platform/platform';
import {
  BLOB_STORE,
  CLOCK,
  ENVIRONMENT,
  EVENT_STORE,
  KEY_STORE,
  LOGGER,
  READ_SIDE,
  READ_STORE,
  WORK_DIRECTORY,
} from './platform/tokens';
import { registerControllers, registerProviders } from './registers/registers.module';
import { QueuesController } from './reports/queues.controller';
import { ReportsController } from './reports/reports.controller';

/** What the platform opened, under the names by which Nest hands it out. */
const platformProviders = (platform: Platform): Provider[] => [
  { provide: CLOCK, useValue: platform.clock },
  { provide: LOGGER, useValue: platform.logger },
  { provide: ENVIRONMENT, useValue: platform.environment },
  { provide: EVENT_STORE, useValue: platform.events },
  { provide: READ_STORE, useValue: platform.documents },
  { provide: KEY_STORE, useValue: platform.keys },
  { provide: BLOB_STORE, useValue: platform.blobs },
  { provide: READ_SIDE, useValue: platform.readSide },
  { provide: WORK_DIRECTORY, useValue: platform.workDirectory },
  { provide: EventCodec, useValue: platform.codec },
  { provide: CommandRuntime, useValue: platform.runtime },
  { provide: RegisterFeed, useValue: platform.feed },
  { provide: TeamRegister, useValue: platform.registers.teams },
  { provide: ServiceRegister, useValue: platform.registers.services },
  { provide: PersonRegister, useValue: platform.registers.persons },
  { provide: CatalogRegister, useValue: platform.registers.catalog },
  { provide: KeyRegister, useValue: platform.registers.keys },
];

/** The REST gateway over a platform that is open. */
@Module({})
export class GatewayModule {
  static over(platform: Platform): DynamicModule {
    return {
      module: GatewayModule,
      imports: [CqrsModule.forRoot()],
      controllers: [
        HealthController,
        BulkController,
        IncidentCommandsController,
        IncidentQueriesController,
        MyIncidentsController,
        QueuesController,
        ReportsController,
        ImportsController,
        ProjectionsController,
        AuditController,
        ...registerControllers,
      ],
      providers: [
        ...platformProviders(platform),
        ...registerProviders,
        BulkDesk,
        Claims,
        CommandEnvelopes,
        IncidentDesk,
        IncidentFactsSource,
        IncidentHistory,
        IncidentPresenter,
        IncidentQueries,
        ImportFiles,
        ImportService,
        ImportTargetFactory,
        ImportedRegisters,
        LogIncidentHandler,
        NumberAllocator,
        PersonResolver,
        PresentIncident,
        QueueDesk,
        RunIncidentHandler,
        { provide: APP_GUARD, useClass: AuthGuard },
        { provide: APP_FILTER, useClass: ProblemFilter },
        { provide: APP_INTERCEPTOR, useClass: DeadlineInterceptor },
        { provide: APP_INTERCEPTOR, useClass: AfterInterceptor },
        { provide: APP_INTERCEPTOR, useClass: EtagInterceptor },
      ],
    };
  }
}
