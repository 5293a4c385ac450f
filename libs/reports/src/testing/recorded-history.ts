import { type IncidentEvent, type IncidentLogged } from '@faultline/incidents';
import { type RecordedEvent, toInstant, type Via } from '@faultline/kernel';

/** One thing that happened to one incident: `at` as ISO 8601 or ms. */
export type Happening = { readonly incident: string; readonly at: string | number; readonly event: IncidentEvent };

/** The way in of an import in one of its formats. */
export const importVia = (format: string, id = 'import-1'): Via => ({
  kind: 'import',
  id,
  format,
  digest: '0'.repeat(64),
  importer: 'importer',
});

const byHand: Via = { kind: 'api-key', id: 'key-1' };

/** A position in the log, by number. */
export const positionOf = (index: number): string => `${index.toString(16).padStart(16, '0')}-${'0'.repeat(16)}`;

/** The recorded events of a log in which these things follow one another, `first` being the number of its first position. */
export function recorded(happenings: readonly Happening[], via: Via = byHand, first = 1): RecordedEvent[] {
  return happenings.map(({ incident, at, event }, index) => recordedAt(first + index, { incident, at, event }, via));
}

/** One recorded event at a position of its own. */
export function recordedAt(index: number, { incident, at, event }: Happening, via: Via = byHand): RecordedEvent {
  const occurredAt = typeof at === 'number' ? toInstant(at) : new Date(at).toISOString();
  const id = `00000000-0000-4000-8000-${index.toString(16).padStart(12, '0')}`;
  return {
    id,
    type: event.type,
    data: event.data,
    stream: `incident-${incident}`,
    revision: index,
    position: positionOf(index),
    metadata: {
      recordedAt: occurredAt,
      occurredAt,
      actor: { id: 'person-1', kind: 'person' },
      via,
      $correlationId: id,
      $causationId: id,
      commandId: id,
      schemaVersion: 1,
      hash: '0'.repeat(64),
    },
  };
}

/** A logging of which only what matters is said; the rest is unknown. */
export const logged = (facts: Partial<IncidentLogged['data']> = {}): IncidentLogged => ({
  type: 'IncidentLogged',
  data: {
    number: 'INC0000001',
    state: 'new',
    title: null,
    description: null,
    channel: null,
    requester: null,
    loggedBy: null,
    service: null,
    category: null,
    subcategory: null,
    symptom: null,
    impact: null,
    urgency: null,
    priority: null,
    assets: [],
    location: null,
    startedAt: null,
    externalKey: null,
    ...facts,
  },
});
