import { type Aggregate } from '@faultline/commands';
import {
  type Incident,
  type IncidentCommand,
  incidentDecider,
  type IncidentEvent,
  type IncidentFacts,
} from '@faultline/incidents';

/** Incidents: what is said in them is about the requester, or else belongs to whoever says it. */
export const incidentAggregate: Aggregate<Incident, IncidentCommand, IncidentEvent, IncidentFacts> = {
  name: 'incident',
  decider: incidentDecider,
  subject: (state, events, actor) => {
    const logged = events.find((event) => event.type === 'IncidentLogged');
    return logged?.data.requester ?? state.requester ?? actor.id;
  },
};
