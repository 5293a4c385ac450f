import { assertNever } from '@faultline/kernel';
import { type IncidentCommand } from './incident.commands';
import { type IncidentEvent } from './incident.events';
import { type Incident } from './incident.state';
import {
  decideCancellation,
  decideClosure,
  decideConfirmation,
  decideRefusal,
  decideReopening,
  decideResolution,
  decideSatisfaction,
} from './decide.ending';
import { decideAmendment, decideClassification, decideLogging, decidePriority, makeLink } from './decide.logging';
import { type Context, requireLogged, requireNotFinal, requirePerson } from './decide.rules';
import { decideUndoing } from './decide.undo';
import {
  decideAcknowledgement,
  decideAssignment,
  decideComment,
  decideDeescalation,
  decideEffort,
  decideEscalation,
  decideHold,
  decideRestoration,
  decideResumption,
  decideReturn,
  decideTaking,
  decideWorkStart,
} from './decide.work';

type Events = readonly IncidentEvent[];

/** The events that a command yields: none if it has taken effect already. Throws the DomainError of the rule that refuses it. */
export function decide(command: IncidentCommand, incident: Incident, context: Context): Events {
  if (command.type === 'LogIncident') return decideLogging(command, incident, context);
  requireLogged(incident);
  switch (command.type) {
    case 'UndoEvents':
      return decideUndoing(command, incident);
    case 'AmendDetails':
      return decideAmendment(command, incident, context);
    case 'ClassifyIncident':
      return decideClassification(command, incident, context);
    case 'PrioritizeIncident':
      return decidePriority(command, incident, context);
    case 'AssignIncident':
      return decideAssignment(command, incident, context);
    case 'TakeFromQueue':
      return decideTaking(command, incident, context);
    case 'ReturnToQueue':
      return decideReturn(command, incident);
    case 'AcknowledgeIncident':
      return decideAcknowledgement(incident, context);
    case 'StartWork':
      return decideWorkStart(incident, context);
    case 'RecordDiagnosis':
      requireNotFinal(incident);
      return [{ type: 'DiagnosisRecorded', data: { text: command.text } }];
    case 'ApplyWorkaround':
      requireNotFinal(incident);
      return [{ type: 'WorkaroundApplied', data: { text: command.text, knownError: command.knownError ?? null } }];
    case 'AddComment':
      return decideComment(command, incident, context);
    case 'RecordEffort':
      return decideEffort(command, incident);
    case 'PutIncidentOnHold':
      return decideHold(command, incident, context);
    case 'ResumeIncident':
      return decideResumption(incident);
    case 'EscalateIncident':
      return decideEscalation(command, incident, context);
    case 'DeescalateIncident':
      return decideDeescalation(command, incident, context);
    case 'RestoreService':
      return decideRestoration(command, incident, context);
    default:
      return decideEnd(command, incident, context);
  }
}

type EndCommand = Extract<
  IncidentCommand,
  {
    type:
      | 'ResolveIncident'
      | 'ConfirmResolution'
      | 'RefuseResolution'
      | 'RateSatisfaction'
      | 'ReopenIncident'
      | 'CloseIncident'
      | 'CancelIncident';
  }
>;
type RelationCommand = Exclude<
  IncidentCommand,
  | EndCommand
  | {
      type:
        | 'LogIncident'
        | 'UndoEvents'
        | 'AmendDetails'
        | 'ClassifyIncident'
        | 'PrioritizeIncident'
        | 'AssignIncident'
        | 'TakeFromQueue'
        | 'ReturnToQueue'
        | 'AcknowledgeIncident'
        | 'StartWork'
        | 'RecordDiagnosis'
        | 'ApplyWorkaround'
        | 'AddComment'
        | 'RecordEffort'
        | 'PutIncidentOnHold'
        | 'ResumeIncident'
        | 'EscalateIncident'
        | 'DeescalateIncident'
        | 'RestoreService';
    }
>;

function decideEnd(command: EndCommand | RelationCommand, incident: Incident, context: Context): Events {
  switch (command.type) {
    case 'ResolveIncident':
      return decideResolution(command, incident, context);
    case 'ConfirmResolution':
      return decideConfirmation(incident, context);
    case 'RefuseResolution':
      return decideRefusal(command, incident, context);
    case 'RateSatisfaction':
      return decideSatisfaction(command, incident);
    case 'ReopenIncident':
      return decideReopening(command, incident, context);
    case 'CloseIncident':
      return decideClosure(command, incident);
    case 'CancelIncident':
      return decideCancellation(command, incident, context);
    default:
      return decideRelation(command, incident, context);
  }
}

/** Links, assets and persons: adding what is there, or removing what is not, has taken effect already. */
function decideRelation(command: RelationCommand, incident: Incident, context: Context): Events {
  switch (command.type) {
    case 'LinkIncident': {
      const link = makeLink(command.link, command.target);
      return incident.links.some(({ id }) => id === link.id) ? [] : [{ type: 'Linked', data: link }];
    }
    case 'UnlinkIncident': {
      const link = incident.links.find(({ id }) => id === command.id);
      return link ? [{ type: 'Unlinked', data: link }] : [];
    }
    case 'AddAsset':
      requireNotFinal(incident);
      return has(incident.assets, command.asset) ? [] : [{ type: 'AssetAffected', data: { asset: command.asset } }];
    case 'ClearAsset':
      requireNotFinal(incident);
      return has(incident.assets, command.asset) ? [{ type: 'AssetCleared', data: { asset: command.asset } }] : [];
    case 'AddAffectedPerson': {
      requireNotFinal(incident);
      requirePerson(command.person, context, '/person');
      const { person } = command;
      return has(incident.affected, person) ? [] : [{ type: 'PersonAffected', data: { person } }];
    }
    case 'AddWatcher': {
      requirePerson(command.person, context, '/person');
      const { person } = command;
      return has(incident.watchers, person) ? [] : [{ type: 'WatcherAdded', data: { person } }];
    }
    case 'RemoveWatcher': {
      const { person } = command;
      return has(incident.watchers, person) ? [{ type: 'WatcherRemoved', data: { person } }] : [];
    }
    default:
      return assertNever(command);
  }
}

const has = (list: readonly string[], item: string): boolean => list.includes(item);
