import { Inject, Injectable } from '@nestjs/common';
import { CommandRuntime } from '@faultline/commands';
import { acceptedCommands, type Incident, type IncidentCommandType, incidentStream } from '@faultline/incidents';
import { type Clock, toInstant } from '@faultline/kernel';
import { incidentDocument } from '@faultline/read-models';
import { permits, type Principal } from '@faultline/security';
import { CLOCK } from '../platform/tokens';
import { incidentAggregate } from './aggregates';
import { IncidentDesk } from './incident-desk';
import { IncidentFactsSource } from './incident-facts';
import { IncidentHistory, incidentNotFound } from './incident-history';
import { type IncidentAnswer, IncidentPresenter } from './incident-presenter';
import { incidentRequestNames, type IncidentRequestName, incidentRequests } from './incident-requests';

/** An incident with the commands that it takes from whoever asks. */
export type PresentAnswer = IncidentAnswer & { readonly allowedCommands: readonly IncidentRequestName[] };

/** Commands that open an incident again, and so need its external key. */
const opening: ReadonlySet<IncidentCommandType> = new Set(['ReopenIncident', 'RefuseResolution'] as const);

/** Incidents as they are at the end of their streams, where commands decide: what is shown and what is allowed are of one revision. */
@Injectable()
export class PresentIncident {
  constructor(
    @Inject(CommandRuntime) private readonly runtime: CommandRuntime,
    @Inject(IncidentDesk) private readonly desk: IncidentDesk,
    @Inject(IncidentFactsSource) private readonly source: IncidentFactsSource,
    @Inject(IncidentHistory) private readonly history: IncidentHistory,
    @Inject(IncidentPresenter) private readonly presenter: IncidentPresenter,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** The incident of that id or number. Throws `incident.not-found`. */
  async incident(idOrNumber: string, principal: Principal): Promise<PresentAnswer> {
    const id = this.history.idOf(idOrNumber);
    const { state, end, position } = await this.runtime.load(incidentAggregate, incidentStream(id));
    if (state.number === null) throw incidentNotFound(idOrNumber);
    const document = incidentDocument(state, { _id: id, position, revision: end.revision });
    const allowedCommands = await this.allowed(state, principal);
    return { ...this.presenter.incident(document), allowedCommands };
  }

  private async allowed(incident: Incident, principal: Principal): Promise<readonly IncidentRequestName[]> {
    if (!permits(principal, 'incident.command')) return [];
    const now = toInstant(this.clock.now());
    const actor = { id: principal.personId, kind: 'person' } as const;
    const { facts } = this.source;
    const accepted = new Set(acceptedCommands(incident, { now, occurredAt: now, actor, facts }));
    const mayOpen = !(await this.desk.hasLostKey(incident));
    return incidentRequestNames.filter((name) => {
      const { type } = incidentRequests[name];
      return accepted.has(type) && (mayOpen || !opening.has(type));
    });
  }
}
