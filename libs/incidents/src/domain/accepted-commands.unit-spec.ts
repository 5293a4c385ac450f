import fc from 'fast-check';
import { assigned, facts, logged } from '../../../../test/support/incident-specification';
import { anyActor, anyIncident, at, attempt, bodies, contextOf, folded } from '../testing/any-incident';
import { acceptedCommands, type IncidentCommandType } from './accepted-commands';
import { type IncidentCommand } from './incident.commands';
import { initialIncident } from './incident.evolve';

const isAsked = (command: IncidentCommand): command is Extract<IncidentCommand, { type: IncidentCommandType }> =>
  command.type !== 'LogIncident' && command.type !== 'UndoEvents';

const strictness = [
  facts,
  { ...facts, resolutionCodes: new Set(['solved']) },
  { ...facts, holdReasons: new Set<string>() },
];

describe('the commands that an incident takes', () => {
  test('are exactly those of which some body succeeds, after any history, for anybody', () => {
    const outcomes = { accepted: 0, refused: 0 };
    fc.assert(
      fc.property(anyIncident, anyActor, fc.constantFrom(...strictness), ({ incident, daysLater }, who, rules) => {
        const context = contextOf(who, daysLater, rules);
        const succeeding = new Set<IncidentCommandType>();
        for (const command of bodies) {
          if (isAsked(command) && attempt(command, incident, context)) succeeding.add(command.type);
        }
        const accepted = acceptedCommands(incident, context);
        outcomes.accepted += accepted.length;
        outcomes.refused += new Set(bodies.map(({ type }) => type)).size - accepted.length;
        expect([...accepted].sort()).toEqual([...succeeding].sort());
      }),
      { numRuns: 500 },
    );
    expect(Math.min(outcomes.accepted, outcomes.refused)).toBeGreaterThan(1_000);
  });

  test('are none before it was logged', () => {
    expect(acceptedCommands(initialIncident(), contextOf('agent', 0))).toEqual([]);
  });

  test('differ by who asks, and by how long ago it was closed', () => {
    const begun = folded(initialIncident(), [logged(), assigned('desk', 1, 'agent')], at);
    const working = folded(begun, attempt({ type: 'StartWork' }, begun, contextOf('agent', 0)) ?? [], at);
    expect(acceptedCommands(working, contextOf('agent', 0))).toContain('CancelIncident');
    expect(acceptedCommands(working, contextOf('ann', 0))).not.toContain('CancelIncident');
    const closed = folded(working, [{ type: 'Closed', data: { code: null, mode: 'agent', state: 'closed' } }], at);
    expect(acceptedCommands(closed, contextOf('agent', 14))).toContain('ReopenIncident');
    expect(acceptedCommands(closed, contextOf('agent', 15))).not.toContain('ReopenIncident');
  });
});
