import { type IncidentEvent } from '@faultline/incidents';
import { type RecordedEvent, type Via } from '@faultline/kernel';
import { type Projection } from '@faultline/projections';
import { foldStep, timelineStart } from './timeline.fold';
import { type TimelineDocument } from './timeline.types';

const prefix = 'incident-';

/** The compact history of each incident, from which every report is answered; an event that no report needs changes nothing. */
export const timelineProjection: Projection<TimelineDocument> = {
  name: 'timelines',
  indexes: [[['position', 1]]],
  streamPrefixes: [prefix],
  keyOf: (event) => event.stream.slice(prefix.length),
  apply: (document, event) => foldTimeline(document, event),
};

/** The timeline after one more event of its incident, the same object where no report can tell; null before it was logged. */
export function foldTimeline(document: TimelineDocument | null, recorded: RecordedEvent): TimelineDocument | null {
  const event = recorded as unknown as IncidentEvent;
  const { via, occurredAt } = recorded.metadata;
  if (!document && event.type !== 'IncidentLogged') return null;
  const step = { event, at: Date.parse(occurredAt), imported: via.kind === 'import' };
  const next = foldStep(document?.end ?? timelineStart, step);
  if (!next) return document;
  return {
    _id: recorded.stream.slice(prefix.length),
    position: recorded.position,
    import: document ? document.import : broughtBy(via),
    rows: [...(document?.rows ?? []), next.row],
    end: next.end,
  };
}

function broughtBy(via: Via): TimelineDocument['import'] {
  if (via.kind !== 'import') return null;
  return { id: via.id, format: via.format, ...(via.unjudged && { unjudged: via.unjudged }) };
}
