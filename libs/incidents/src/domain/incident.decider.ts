import { type Decider, deriveId } from '@faultline/kernel';
import { type IncidentCommand, type IncidentFacts } from './incident.commands';
import { decide } from './incident.decide';
import { type IncidentEvent } from './incident.events';
import { evolve, initialIncident } from './incident.evolve';
import { type Incident } from './incident.state';

/** The domain of one incident. */
export const incidentDecider: Decider<Incident, IncidentCommand, IncidentEvent, IncidentFacts> = {
  initialState: initialIncident,
  decide,
  evolve,
};

/** The stream of an incident's own events. */
export const incidentStream = (id: string): string => `incident-${id}`;

/** The id of the incident of that number: derived, so that a number belongs to one incident whoever logs or imports it. */
export const incidentIdOf = (number: string): string => deriveId('incident', number);

const digits = 7;
const prefix = 'INC';

/** `INC0000001` for 1. */
export const formatNumber = (value: number): string => `${prefix}${String(value).padStart(digits, '0')}`;

/** 1 for `INC0000001`; undefined for a number of another form. */
export function parseNumber(number: string): number | undefined {
  const match = /^INC(\d{1,15})$/.exec(number);
  return match ? Number(match[1]) : undefined;
}
