import { incidentStatuses, type IncidentStatus } from '@faultline/incidents';
import { isMove, moveEvent, type Standing } from './state-move';

const before = { team: 'A', tier: 1, agent: 'ann' };
const after = { team: 'A', tier: 1, agent: null };
const standing = (state: IncidentStatus): Standing => ({ state, holdReason: state === 'on_hold' ? 'caller' : null });
const typeOf = (from: IncidentStatus, to: IncidentStatus) =>
  moveEvent(standing(from), standing(to), { by: 'ann', before, after }).type;

describe('the event of an imported move of state', () => {
  it.each<[IncidentStatus, string]>([
    ['new', 'WorkStarted'],
    ['queued', 'WorkStarted'],
    ['assigned', 'WorkStarted'],
    ['on_hold', 'Resumed'],
    ['resolved', 'Reopened'],
    ['closed', 'Reopened'],
    ['cancelled', 'Reopened'],
  ])('from %s to in_progress is %s', (from, type) => {
    expect(typeOf(from, 'in_progress')).toBe(type);
  });

  it.each<[IncidentStatus, IncidentStatus, string]>([
    ['in_progress', 'new', 'ReturnedToQueue'],
    ['in_progress', 'queued', 'ReturnedToQueue'],
    ['on_hold', 'queued', 'ReturnedToQueue'],
    ['new', 'queued', 'Assigned'],
    ['in_progress', 'assigned', 'Assigned'],
    ['queued', 'assigned', 'Assigned'],
    ['resolved', 'new', 'Reopened'],
    ['closed', 'queued', 'Reopened'],
    ['cancelled', 'assigned', 'Reopened'],
  ])('from %s to %s is %s', (from, to, type) => {
    expect(typeOf(from, to)).toBe(type);
  });

  it('to on_hold, resolved, closed and cancelled has its own name wherever it comes from', () => {
    for (const from of incidentStatuses) {
      expect([
        typeOf(from, 'on_hold'),
        typeOf(from, 'resolved'),
        typeOf(from, 'closed'),
        typeOf(from, 'cancelled'),
      ]).toEqual(['PutOnHold', 'Resolved', 'Closed', 'Cancelled']);
    }
  });

  it('carries the resulting state, and the assignment where it has one', () => {
    for (const from of incidentStatuses) {
      for (const to of incidentStatuses) {
        if (from === to) continue;
        const event = moveEvent(standing(from), standing(to), { by: 'ann', before, after });
        expect(event.data).toMatchObject({ state: to });
        if (event.type === 'Assigned' || event.type === 'ReturnedToQueue') {
          expect(event.data).toMatchObject({ from: before, to: after });
        }
      }
    }
  });

  it('is there for another reason while on hold, and for nothing else within a state', () => {
    expect(isMove(standing('on_hold'), { state: 'on_hold', holdReason: 'problem' })).toBe(true);
    for (const state of incidentStatuses) expect(isMove(standing(state), standing(state))).toBe(false);
  });
});
