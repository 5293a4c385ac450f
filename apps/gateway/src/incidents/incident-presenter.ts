import { Inject, Injectable } from '@nestjs/common';
import { incidentView, type IncidentView } from '@faultline/incidents';
import { type RecordedEvent } from '@faultline/kernel';
import { PersonRegister } from '@faultline/organisation';
import { type IncidentDocument } from '@faultline/read-models';

/** A person as answers name one. */
export type NamedPerson = { readonly id: string; readonly name: string | null };

/** The API's incident: persons by id, with the name beside it. */
export type IncidentAnswer = Omit<IncidentView, 'requester' | 'watchers' | 'affected'> & {
  readonly requester: NamedPerson | null;
  readonly agentName: string | null;
  readonly watchers: readonly NamedPerson[];
  readonly affected: readonly NamedPerson[];
};

/** What lists leave out. */
export type IncidentListItem = Omit<IncidentAnswer, 'description' | 'links' | 'watchers' | 'affected'>;

/** Turns documents and events into answers: joins the names of persons, as they are known now. */
@Injectable()
export class IncidentPresenter {
  constructor(@Inject(PersonRegister) private readonly persons: PersonRegister) {}

  name(id: string | null): string | null {
    return id === null ? null : (this.persons.get(id)?.name ?? null);
  }

  person(id: string): NamedPerson {
    return { id, name: this.name(id) };
  }

  incident(document: IncidentDocument): IncidentAnswer {
    const view = incidentView(document._id, document, document.revision, document.position);
    return {
      ...view,
      requester: view.requester === null ? null : this.person(view.requester),
      agentName: this.name(view.agent),
      watchers: view.watchers.map((id) => this.person(id)),
      affected: view.affected.map((id) => this.person(id)),
    };
  }

  listItem(document: IncidentDocument): IncidentListItem {
    const { description: _d, links: _l, watchers: _w, affected: _a, ...item } = this.incident(document);
    return item;
  }

  event({ position, stream, revision, id, type, data, metadata }: RecordedEvent) {
    const { actor } = metadata;
    return {
      position,
      stream,
      revision,
      id,
      type,
      occurredAt: metadata.occurredAt,
      recordedAt: metadata.recordedAt,
      actor: { id: actor.id, kind: actor.kind, name: actor.kind === 'person' ? this.name(actor.id) : null },
      onBehalfOf: metadata.onBehalfOf ?? null,
      via: metadata.via,
      reason: metadata.reason ?? null,
      correlationId: metadata.$correlationId,
      causationId: metadata.$causationId,
      commandId: metadata.commandId,
      schemaVersion: metadata.schemaVersion,
      hash: metadata.hash,
      data,
    };
  }
}
