import { evolve, type Incident, type IncidentEvent, initialIncident, isOpen } from '@faultline/incidents';
import { type RecordedEvent } from '@faultline/kernel';
import { type Projection } from '@faultline/projections';
import { type ReadDocument } from '@faultline/read-store';
import { queueCounter } from './queue.counter';

/** The read model of one incident: its state as the domain folds it, and what lists need to find it. */
export type IncidentDocument = ReadDocument &
  Incident & {
    readonly revision: number;
    /** Whether work is still to be done. */
    readonly open: boolean;
    readonly major: boolean;
  };

const prefix = 'incident-';

/** The listings that people use all day; every other combination of filters starts from the most selective of these. */
const indexes = [
  [['loggedAt', -1]],
  [['updatedAt', -1]],
  [
    ['open', 1],
    ['loggedAt', -1],
  ],
  [
    ['state', 1],
    ['loggedAt', -1],
  ],
  [
    ['priority', 1],
    ['loggedAt', -1],
  ],
  [
    ['team', 1],
    ['open', 1],
    ['priority', 1],
    ['loggedAt', 1],
  ],
  [
    ['agent', 1],
    ['open', 1],
    ['priority', 1],
    ['loggedAt', 1],
  ],
  [
    ['requester', 1],
    ['loggedAt', -1],
  ],
  [
    ['service', 1],
    ['loggedAt', -1],
  ],
  [
    ['category', 1],
    ['loggedAt', -1],
  ],
] as const;

/** Incidents as agents see them, one document each. */
export const incidentProjection: Projection<IncidentDocument> = {
  name: 'incidents',
  indexes,
  streamPrefixes: [prefix],
  keyOf: (event) => event.stream.slice(prefix.length),
  apply: (document, event) => foldIncident(document, event),
  counters: [queueCounter],
};

/** The document after one more event of its incident: the same fold that answers every as-of question. */
export function foldIncident(document: IncidentDocument | null, event: RecordedEvent): IncidentDocument {
  const state = evolve(document ?? initialIncident(), event as unknown as IncidentEvent, event);
  const { position, revision } = event;
  return incidentDocument(state, { _id: event.stream.slice(prefix.length), position, revision });
}

/** The document of an incident that was folded up to this revision. */
export const incidentDocument = (
  state: Incident,
  end: Pick<IncidentDocument, '_id' | 'position' | 'revision'>,
): IncidentDocument => ({ ...state, ...end, open: isOpen(state.state), major: false });
