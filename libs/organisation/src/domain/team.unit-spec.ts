import { DeciderSpecification } from '../../../../test/support/decider-specification';
import { teamDecider, type TeamEvent } from './team.decider';

const created: TeamEvent = {
  type: 'TeamCreated',
  data: { key: 'desk', name: 'Desk', tier: 1, escalatesTo: null, escalatesToByCategory: {} },
};
const added: TeamEvent = { type: 'TeamMemberAdded', data: { person: 'ann' } };
const facts = { tierOf: () => undefined, hasPerson: (id: string) => id === 'ann' };
const desk = new DeciderSpecification(teamDecider, { facts }).given(created);

describe('the members of a team', () => {
  test('come once, go once, and may come again', () => {
    const adding = { type: 'AddTeamMember', person: 'ann' } as const;
    const removing = { type: 'RemoveTeamMember', person: 'ann' } as const;
    desk.when(adding).then(added);
    desk.when(removing).thenNothing();
    desk.given(added).when(adding).thenNothing();
    const removed: TeamEvent = { type: 'TeamMemberRemoved', data: { person: 'ann' } };
    desk.given(added).when(removing).then(removed);
    desk.given(added, removed).when(adding).then(added);
  });

  test('are persons who exist', () => {
    desk.when({ type: 'AddTeamMember', person: 'nobody' }).thenRefused('team.unknown-person', { pointer: '/person' });
  });

  test('stay when the team is renamed, and are no part of its other changes', () => {
    const renamed = desk.given(added).when({ type: 'ChangeTeam', name: 'Service desk' }).events();
    expect(renamed).toEqual([
      { type: 'TeamChanged', data: { changes: { name: { from: 'Desk', to: 'Service desk' } } } },
    ]);
    expect(desk.given(added, ...renamed).state.members).toEqual(['ann']);
  });
});
