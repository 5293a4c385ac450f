import { DomainError } from '@faultline/kernel';
import { type Context } from './decide.rules';
import { type IncidentCommand, type TeamFact } from './incident.commands';
import { decide } from './incident.decide';
import { type Incident } from './incident.state';

/** What one can ask of an incident that exists, by a body that does not speak of its past. */
export type IncidentCommandType = Exclude<IncidentCommand['type'], 'LogIncident' | 'UndoEvents'>;

/** Commands of one type with the bodies that are most likely to be accepted, likeliest first. */
type Representatives<Type extends IncidentCommandType> = (
  incident: Incident,
  context: Context,
) => Iterable<Extract<IncidentCommand, { type: Type }>>;

const text = 'text';

const activeTeams = ({ facts }: Context): readonly TeamFact[] => facts.teams().filter(({ retired }) => !retired);

const known = (incident: Incident, { actor, facts }: Context): readonly string[] =>
  [actor.id, incident.requester, incident.agent].filter((id): id is string => id !== null && facts.hasPerson(id));

/** Bodies made of facts, one list for each type: whether a command is accepted, `decide` alone says. */
const representatives: { readonly [Type in IncidentCommandType]: Representatives<Type> } = {
  AmendDetails: () => [{ type: 'AmendDetails' }],
  ClassifyIncident: () => [{ type: 'ClassifyIncident' }, { type: 'ClassifyIncident', category: null }],
  PrioritizeIncident: () => [{ type: 'PrioritizeIncident' }],
  AssignIncident: function* (incident, context) {
    for (const agent of known(incident, context)) yield { type: 'AssignIncident', agent };
    for (const { key } of activeTeams(context)) yield { type: 'AssignIncident', team: key };
  },
  TakeFromQueue: ({ team }) => (team === null ? [] : [{ type: 'TakeFromQueue', team }]),
  ReturnToQueue: () => [{ type: 'ReturnToQueue', reason: text }],
  AcknowledgeIncident: () => [{ type: 'AcknowledgeIncident' }],
  StartWork: () => [{ type: 'StartWork' }],
  RecordDiagnosis: () => [{ type: 'RecordDiagnosis', text }],
  ApplyWorkaround: () => [{ type: 'ApplyWorkaround', text }],
  AddComment: () => [{ type: 'AddComment', text, visibility: 'public' }],
  RecordEffort: () => [{ type: 'RecordEffort', minutes: 1 }],
  PutIncidentOnHold: (_incident, { facts }) =>
    [...facts.holdReasons].map((reason) => ({ type: 'PutIncidentOnHold', reason })),
  ResumeIncident: () => [{ type: 'ResumeIncident' }],
  EscalateIncident: function* (incident, context) {
    yield { type: 'EscalateIncident', kind: 'functional', reason: text };
    const targets = [...known(incident, context), ...activeTeams(context).map(({ key }) => key)];
    for (const to of targets) yield { type: 'EscalateIncident', kind: 'hierarchical', to, reason: text };
  },
  DeescalateIncident: function* (_incident, context) {
    yield { type: 'DeescalateIncident', reason: text };
    for (const { key } of activeTeams(context)) yield { type: 'DeescalateIncident', to: key, reason: text };
  },
  RestoreService: (_incident, { now }) => [{ type: 'RestoreService', at: now }],
  ResolveIncident: (_incident, { facts }) =>
    [...(facts.resolutionCodes ?? [text])].map((code) => ({ type: 'ResolveIncident', code, notes: text, fix: 'none' })),
  ConfirmResolution: () => [{ type: 'ConfirmResolution' }],
  RefuseResolution: () => [{ type: 'RefuseResolution', reason: text }],
  RateSatisfaction: () => [{ type: 'RateSatisfaction', score: 5 }],
  ReopenIncident: () => [{ type: 'ReopenIncident', reason: text }],
  CloseIncident: () => [{ type: 'CloseIncident' }],
  CancelIncident: () => [{ type: 'CancelIncident', reason: text }],
  LinkIncident: () => [{ type: 'LinkIncident', link: 'url', target: text }],
  UnlinkIncident: () => [{ type: 'UnlinkIncident', id: text }],
  AddAsset: () => [{ type: 'AddAsset', asset: text }],
  ClearAsset: () => [{ type: 'ClearAsset', asset: text }],
  AddAffectedPerson: (incident, context) =>
    known(incident, context).map((person) => ({ type: 'AddAffectedPerson', person })),
  AddWatcher: (incident, context) => known(incident, context).map((person) => ({ type: 'AddWatcher', person })),
  RemoveWatcher: () => [{ type: 'RemoveWatcher', person: text }],
};

const types = Object.keys(representatives) as IncidentCommandType[];

function accepts(command: IncidentCommand, incident: Incident, context: Context): boolean {
  try {
    decide(command, incident, context);
    return true;
  } catch (error) {
    if (error instanceof DomainError) return false;
    throw error;
  }
}

/** The types of command that this incident takes now from this actor, with the right body: those of which `decide` accepts one. */
export const acceptedCommands = (incident: Incident, context: Context): readonly IncidentCommandType[] =>
  types.filter((type) => {
    for (const command of representatives[type](incident, context))
      if (accepts(command, incident, context)) return true;
    return false;
  });
