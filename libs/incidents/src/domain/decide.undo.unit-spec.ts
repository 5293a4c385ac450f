import fc from 'fast-check';
import {
  assigned,
  closed,
  incident,
  logged,
  onHold,
  resolved,
  workStarted,
} from '../../../../test/support/incident-specification';
import { anyActor, anyIncident, attempt, bodies, contextOf, folded } from '../testing/any-incident';
import { type IncidentCommand } from './incident.commands';
import { type IncidentEvent } from './incident.events';
import { initialIncident } from './incident.evolve';
import { type Incident } from './incident.state';

/** What people see and work by: all of it is as before, but for what only ever counts up. */
function visible(state: Incident): object {
  const { number, title, description, requester, service, location, startedAt } = state;
  const { category, subcategory, symptom, impact, urgency, priority, team, tier, agent, holdReason, holdUntil } = state;
  const sets = [state.links.map(({ id }) => id), state.assets, state.watchers].map((list) => [...list].sort());
  const what = { number, title, description, requester, service, location, startedAt, category, subcategory, symptom };
  const where = { team, tier, agent, holdReason, holdUntil, state: state.state, resolution: state.resolution };
  return { ...what, ...where, impact, urgency, priority, sets };
}

/** Whether `events` happened to an incident that began with `past`, and are to be undone. */
const undoing = (past: readonly IncidentEvent[], events: readonly IncidentEvent[]): IncidentCommand => ({
  type: 'UndoEvents',
  events: events.map((event, index) => ({
    event,
    before: folded(initialIncident(), [...past, ...events.slice(0, index)], '2026-03-02T12:00:00.000Z'),
  })),
});

const desk = [logged(), assigned('desk', 1)];
const reassigned = assigned('second', 2, 'agent');

describe('undoing', () => {
  test('brings back what was, after any history, for every command that has an opposite', () => {
    const undone = new Map<string, number>();
    fc.assert(
      fc.property(
        anyIncident,
        fc.constantFrom(...bodies),
        anyActor,
        ({ incident: before, daysLater }, command, who) => {
          const context = contextOf(who, daysLater);
          const events = attempt(command, before, context) ?? [];
          const [event] = events;
          if (events.length !== 1 || !event) return;
          const after = folded(before, events, context.now);
          const amends = attempt(
            { type: 'UndoEvents', events: [{ event, before }] },
            after,
            contextOf('bo', daysLater),
          );
          if (!amends) return;
          expect(visible(folded(after, amends, context.now))).toEqual(visible(before));
          undone.set(command.type, (undone.get(command.type) ?? 0) + 1);
        },
      ),
      { numRuns: 6_000 },
    );
    expect([...undone.keys()]).toEqual(
      expect.arrayContaining([
        'AmendDetails',
        'ClassifyIncident',
        'PrioritizeIncident',
        'AssignIncident',
        'PutIncidentOnHold',
        'ResumeIncident',
        'EscalateIncident',
        'ResolveIncident',
        'LinkIncident',
        'AddAsset',
        'AddWatcher',
      ]),
    );
  });

  test('is refused once the incident is no longer as it was left', () => {
    const past = incident().given(...desk, reassigned);
    const command = undoing(desk, [reassigned]);
    past.when(command).thenTypes('Assigned');
    past.given(assigned('second', 2)).when(command).thenRefused('incident.changed-since');
    past.given(workStarted).when(command).thenRefused('incident.changed-since');
    past.given(resolved).when(command).thenRefused('incident.changed-since');
  });

  test('gives an incident that nobody had back to nobody', () => {
    const [, first] = desk as [IncidentEvent, IncidentEvent];
    incident()
      .given(logged(), first)
      .when(undoing([logged()], [first]))
      .thenOne('Assigned', { to: { team: null, tier: null, agent: null }, state: 'new' });
  });

  test('takes up a hold again that a resolution ended', () => {
    const past = [...desk, onHold('supplier')];
    incident()
      .given(...past, resolved)
      .when(undoing(past, [resolved]))
      .thenTypes('Reopened', 'PutOnHold');
  });

  test('is refused for what was said, done or ended, and then as a whole', () => {
    const comment: IncidentEvent = { type: 'CommentAdded', data: { text: 'Hello', visibility: 'public' } };
    const resumed: IncidentEvent = { type: 'Resumed', data: { state: 'queued' } };
    const held = [...desk, onHold()];
    incident()
      .given(...held, comment, resumed)
      .when(undoing(held, [comment, resumed]))
      .thenRefused('incident.cannot-undo');
    const done = [...desk, resolved];
    incident()
      .given(...done, closed)
      .when(undoing(done, [closed]))
      .thenRefused('incident.cannot-undo');
  });
});
