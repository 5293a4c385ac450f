import fc from 'fast-check';
import { DomainError } from '@faultline/kernel';
import {
  assigned,
  cancelled,
  closed,
  facts,
  incident,
  logged,
  onHold,
  resolved,
  workStarted,
} from '../../../../test/support/incident-specification';
import { externalKeyDecider } from './external-key.decider';
import { type IncidentCommand } from './incident.commands';
import { incidentDecider } from './incident.decider';
import { type IncidentEvent } from './incident.events';
import { type Incident } from './incident.state';
import { isOpen } from './incident.types';
import { numbersDecider } from './numbers.decider';
import { DeciderSpecification, envelopeAt } from '../../../../test/support/decider-specification';

const byAnn = { actor: { id: 'ann', kind: 'person' } } as const;
const logging = { type: 'LogIncident', number: 'INC0000001', title: 'It does not work' } as const;
const resolution = { code: 'solved', notes: 'Done', fix: 'permanent' } as const;
const resolving = { type: 'ResolveIncident', ...resolution } as const;
const atDesk = incident().given(logged(), assigned('desk', 1));
const inProgress = incident().given(logged(), assigned('desk', 1, 'agent'), workStarted);

describe('logging', () => {
  test('needs no more than a title; what is not said is unknown', () => {
    incident()
      .when(logging)
      .then(logged({ requester: null }));
  });

  test('happens once', () => {
    incident().given(logged()).when(logging).thenRefused('incident.already-logged');
  });

  test('takes the priority from the matrix', () => {
    incident()
      .when({ ...logging, impact: 2, urgency: 1 })
      .thenOne('IncidentLogged', { priority: 2 });
    incident()
      .when({ ...logging, impact: 3, urgency: 3 })
      .thenOne('IncidentLogged', { priority: 4 });
    incident()
      .when({ ...logging, impact: 3 })
      .thenOne('IncidentLogged', { priority: null });
    incident()
      .when({ ...logging, priority: 2 })
      .thenOne('IncidentLogged', { priority: 2 });
  });

  test('with another priority than the matrix says needs a reason', () => {
    const command = { ...logging, impact: 2, urgency: 2, priority: 1 } as const;
    incident().when(command).thenRefused('incident.override-needs-reason', { pointer: '/reason', priority: 3 });
    incident()
      .when({ ...command, reason: 'The director' })
      .thenOne('IncidentLogged', { priority: 1 });
  });

  test('assigns where a team is named, and resolves where a resolution is', () => {
    incident()
      .when({ ...logging, team: 'desk' })
      .thenTypes('IncidentLogged', 'Assigned');
    incident()
      .when({ ...logging, resolution })
      .thenTypes('IncidentLogged', 'Resolved');
    const all = { ...logging, team: 'desk', agent: 'agent', followUpOf: 'INC0000000', resolution };
    incident().when(all).thenTypes('IncidentLogged', 'Assigned', 'Linked', 'Resolved');
    const state = incident().given(...incident().when(all).events()).state;
    expect(state).toMatchObject({ state: 'resolved', team: 'desk', tier: 1, agent: 'agent', tierPath: [1] });
  });

  test.each([
    [{ team: 'nobody' }, 'incident.unknown-team', '/team'],
    [{ team: 'old' }, 'incident.retired-team', '/team'],
    [{ agent: 'agent' }, 'incident.no-team', '/team'],
    [{ team: 'desk', agent: 'nobody' }, 'incident.unknown-person', '/agent'],
    [{ requester: 'nobody' }, 'incident.unknown-person', '/requester/id'],
    [{ service: 'nothing' }, 'incident.unknown-service', '/service'],
    [{ startedAt: '2026-03-03T00:00:00Z' }, 'incident.future-instant', '/startedAt'],
  ])('%j is refused as %s', (more, code, pointer) => {
    incident()
      .when({ ...logging, ...more })
      .thenRefused(code, { pointer });
  });

  test('with what the catalog does not list is refused where the catalog says so', () => {
    const strict = incident({ hasCategory: () => false, resolutionCodes: new Set(['mended']) });
    strict.when({ ...logging, category: 'garden' }).thenRefused('incident.unknown-category');
    strict
      .when({ ...logging, resolution })
      .thenRefused('incident.unknown-resolution-code', { pointer: '/resolution/code', allowed: ['mended'] });
  });
});

describe('details, classification, priority', () => {
  test('only what really changes is part of the event', () => {
    incident()
      .given(logged())
      .when({ type: 'AmendDetails', title: 'It does not work', service: 'mail', location: null })
      .then({ type: 'DetailsAmended', data: { changes: { service: { from: null, to: 'mail' } } } });
    incident().given(logged()).when({ type: 'AmendDetails', title: 'It does not work' }).thenNothing();
  });

  test('a requester may amend until work begins', () => {
    const command = { type: 'AmendDetails', title: 'Worse' } as const;
    atDesk.when(command, byAnn).thenTypes('DetailsAmended');
    inProgress.when(command, byAnn).thenRefused('incident.work-started');
    inProgress.when(command).thenTypes('DetailsAmended');
  });

  test('a new category without its subcategory clears the old one', () => {
    const given = incident().given(logged({ category: 'network', subcategory: 'vpn', symptom: 'slow' }));
    given
      .when({ type: 'ClassifyIncident', category: 'software' })
      .then({ type: 'Classified', data: { category: 'software', subcategory: null, symptom: 'slow' } });
    given.when({ type: 'ClassifyIncident', category: 'network' }).thenNothing();
    given
      .when({ type: 'ClassifyIncident', symptom: null })
      .thenOne('Classified', { subcategory: 'vpn', symptom: null });
  });

  test('impact and urgency give the priority, which stays overridable with a reason', () => {
    const given = incident().given(logged({ impact: 2, urgency: 2, priority: 3 }));
    given
      .when({ type: 'PrioritizeIncident', impact: 1 })
      .thenOne('Prioritized', { impact: 1, urgency: 2, priority: 2 });
    given.when({ type: 'PrioritizeIncident', impact: 2 }).thenNothing();
    given.when({ type: 'PrioritizeIncident', priority: 1 }).thenRefused('incident.override-needs-reason');
    given
      .when({ type: 'PrioritizeIncident', priority: 1, reason: 'The board' })
      .thenOne('Prioritized', { priority: 1, overrideReason: 'The board' });
  });

  test.each(['AmendDetails', 'ClassifyIncident', 'PrioritizeIncident'] as const)(
    '%s is for incidents that are not over',
    (type) => {
      for (const [last, code] of [
        [closed, 'incident.already-closed'],
        [cancelled, 'incident.cancelled'],
      ] as const) {
        incident().given(logged(), last).when({ type, title: 'T' }).thenRefused(code);
      }
    },
  );
});

describe('assignment and work', () => {
  test('a team queues it, an agent has it, an agent alone keeps the team', () => {
    const new_ = incident().given(logged());
    new_.when({ type: 'AssignIncident', team: 'desk' }).thenOne('Assigned', { state: 'queued' });
    new_.when({ type: 'AssignIncident', team: 'desk', agent: 'agent' }).thenOne('Assigned', { state: 'assigned' });
    new_.when({ type: 'AssignIncident', agent: 'agent' }).thenRefused('incident.no-team');
    new_.when({ type: 'AssignIncident' }).thenRefused('request.invalid');
    atDesk
      .when({ type: 'AssignIncident', agent: 'agent' })
      .thenOne('Assigned', { to: { team: 'desk', tier: 1, agent: 'agent' } });
    atDesk.when({ type: 'AssignIncident', team: 'desk' }).thenNothing();
  });

  test('what waits in a queue is taken once, from that queue', () => {
    const taking = { type: 'TakeFromQueue', team: 'desk' } as const;
    atDesk.when(taking).thenOne('Assigned', { to: { team: 'desk', tier: 1, agent: 'someone' }, state: 'assigned' });
    const refused = 'incident.not-in-queue';
    atDesk
      .given(assigned('desk', 1, 'someone'))
      .when(taking)
      .thenRefused(refused);
    atDesk.given(onHold()).when(taking).thenRefused(refused);
    atDesk.given(resolved).when(taking).thenRefused(refused);
    atDesk.when({ ...taking, team: 'second' }).thenRefused(refused);
    incident().given(logged()).when(taking).thenRefused(refused);
  });

  test('a change of team counts as a reassignment, the first team does not', () => {
    expect(atDesk.state.reassignments).toBe(0);
    expect(atDesk.given(assigned('second', 2), assigned('desk', 1)).state).toMatchObject({
      reassignments: 2,
      tierPath: [1, 2, 1],
    });
  });

  test('another agent has to acknowledge anew, and the first acknowledgement stays', () => {
    const acknowledged = atDesk.given({
      type: 'Acknowledged',
      data: { by: 'agent', agent: 'agent', state: 'assigned' },
    });
    acknowledged.when({ type: 'AcknowledgeIncident' }).thenNothing();
    const other = acknowledged.given({ event: assigned('desk', 1, 'bo'), at: '2026-03-02T13:00:00.000Z' });
    expect(other.state).toMatchObject({ acknowledged: false, acknowledgedAt: '2026-03-02T12:00:00.000Z' });
    other.when({ type: 'AcknowledgeIncident' }).thenOne('Acknowledged', { by: 'someone', agent: 'bo' });
  });

  test('whoever begins work has it, unless somebody has it already', () => {
    atDesk.when({ type: 'StartWork' }).thenOne('WorkStarted', { agent: 'someone', state: 'in_progress' });
    inProgress.when({ type: 'StartWork' }).thenNothing();
    incident().given(logged()).when({ type: 'StartWork' }).thenRefused('incident.no-team');
    incident().given(logged()).when({ type: 'AcknowledgeIncident' }).thenRefused('incident.no-team');
  });

  test('it goes back to the queue with a reason, and is acknowledged by nobody there', () => {
    const back = inProgress.when({ type: 'ReturnToQueue', reason: 'Vacation' }).events();
    expect(inProgress.given(...back).state).toMatchObject({ state: 'queued', team: 'desk', agent: null });
    atDesk.when({ type: 'ReturnToQueue', reason: 'Vacation' }).thenNothing();
  });

  test('diagnoses, workarounds, comments and effort are kept', () => {
    inProgress.when({ type: 'RecordDiagnosis', text: 'The disk' }).thenTypes('DiagnosisRecorded');
    inProgress.when({ type: 'ApplyWorkaround', text: 'Restart' }).thenOne('WorkaroundApplied', { knownError: null });
    inProgress.when({ type: 'AddComment', text: 'Hm', visibility: 'internal' }).thenTypes('CommentAdded');
    inProgress.when({ type: 'RecordEffort', minutes: 0 }).thenRefused('incident.effort', { pointer: '/minutes' });
    const effort = { type: 'EffortRecorded', data: { minutes: 20 } } as const;
    expect(inProgress.given(effort, effort).state.effortMinutes).toBe(40);
    incident().given(logged(), cancelled).when({ type: 'RecordEffort', minutes: 1 }).thenRefused('incident.cancelled');
  });
});

describe('hold', () => {
  test('needs a reason that the catalog knows, and an end that lies ahead', () => {
    inProgress.when({ type: 'PutIncidentOnHold', reason: 'supplier' }).thenOne('PutOnHold', { state: 'on_hold' });
    inProgress.when({ type: 'PutIncidentOnHold', reason: 'weather' }).thenRefused('incident.unknown-hold-reason', {
      allowed: ['caller', 'supplier'],
    });
    inProgress
      .when({ type: 'PutIncidentOnHold', reason: 'caller', until: '2026-03-02T12:00:00Z' })
      .thenRefused('incident.past-instant', { pointer: '/until' });
  });

  test('again for the same reason says nothing new; for another one it does', () => {
    const held = inProgress.given(onHold('caller'));
    held.when({ type: 'PutIncidentOnHold', reason: 'caller' }).thenNothing();
    held.when({ type: 'PutIncidentOnHold', reason: 'supplier' }).thenTypes('PutOnHold');
  });

  test('ends where work had been', () => {
    inProgress.given(onHold()).when({ type: 'ResumeIncident' }).thenOne('Resumed', { state: 'in_progress' });
    atDesk.given(onHold()).when({ type: 'ResumeIncident' }).thenOne('Resumed', { state: 'queued' });
    incident().given(logged(), onHold()).when({ type: 'ResumeIncident' }).thenOne('Resumed', { state: 'new' });
    atDesk.when({ type: 'ResumeIncident' }).thenNothing();
    expect(inProgress.given(onHold(), { type: 'Resumed', data: { state: 'in_progress' } }).state.holdReason).toBeNull();
  });

  test("the caller's public answer to a question resumes it", () => {
    const answer = { type: 'AddComment', text: 'Here', visibility: 'public' } as const;
    const asked = inProgress.given(onHold('caller'));
    asked.when(answer, byAnn).thenTypes('CommentAdded', 'Resumed');
    asked.when(answer).thenTypes('CommentAdded');
    inProgress.given(onHold('supplier')).when(answer, byAnn).thenTypes('CommentAdded');
  });

  test('work neither begins nor is acknowledged while it waits', () => {
    const held = atDesk.given(onHold());
    held.when({ type: 'StartWork' }).thenRefused('incident.on-hold');
    held.when({ type: 'AcknowledgeIncident' }).thenRefused('incident.on-hold');
    held.when({ type: 'AssignIncident', agent: 'agent' }).thenOne('Assigned', { state: 'on_hold' });
  });
});

describe('escalation', () => {
  const functional = { type: 'EscalateIncident', kind: 'functional', reason: 'Hard' } as const;

  test('goes to the team above, by the category where that has one', () => {
    atDesk
      .when(functional)
      .thenOne('Escalated', { to: { tier: 2, team: 'second', person: null }, trigger: 'manual', state: 'queued' });
    incident()
      .given(logged({ category: 'network' }), assigned('desk', 1))
      .when(functional)
      .thenOne('Escalated', { to: { tier: 2, team: 'networks', person: null } });
    atDesk.when({ ...functional, to: 'third' }).thenOne('Escalated', { to: { tier: 3, team: 'third', person: null } });
  });

  test('clears agent and acknowledgement', () => {
    const after = inProgress.given(...inProgress.when(functional).events()).state;
    expect(after).toMatchObject({
      state: 'queued',
      team: 'second',
      tier: 2,
      agent: null,
      acknowledged: false,
      escalations: 1,
      tierPath: [1, 2],
    });
  });

  test('never goes sideways, down, or beyond the top', () => {
    const second = incident().given(logged(), assigned('second', 2));
    second
      .when({ ...functional, to: 'networks' })
      .thenRefused('incident.not-a-higher-tier', { tier: 2, targetTier: 2 });
    second.when({ ...functional, to: 'desk' }).thenRefused('incident.not-a-higher-tier');
    incident().given(logged(), assigned('third', 3)).when(functional).thenRefused('incident.top-tier');
    incident().given(logged()).when(functional).thenRefused('incident.no-team');
  });

  test('hierarchical draws attention and moves nothing', () => {
    const command = { type: 'EscalateIncident', kind: 'hierarchical', reason: 'The board asks' } as const;
    inProgress.when(command).thenRefused('incident.escalation-needs-target');
    inProgress.when({ ...command, to: 'nobody' }).thenRefused('incident.unknown-person');
    const after = inProgress.given(...inProgress.when({ ...command, to: 'bo' }).events()).state;
    expect(after).toMatchObject({ state: 'in_progress', team: 'desk', agent: 'agent' });
  });

  test('goes back to the team that escalated, or to a named one of a lower tier', () => {
    const up = atDesk.given(...atDesk.when(functional).events());
    up.when({ type: 'DeescalateIncident', reason: 'Easy' }).thenOne('Deescalated', {
      to: { tier: 1, team: 'desk', person: null },
    });
    up.when({ type: 'DeescalateIncident', to: 'third', reason: 'No' }).thenRefused('incident.not-a-lower-tier');
    incident()
      .given(logged(), assigned('second', 2))
      .when({ type: 'DeescalateIncident', reason: 'Easy' })
      .thenRefused('incident.never-escalated');
    const down = up.given(...up.when({ type: 'DeescalateIncident', reason: 'Easy' }).events());
    expect(down.state).toMatchObject({ team: 'desk', tier: 1, tierPath: [1, 2, 1], state: 'queued' });
  });
});

describe('restoration, resolution and what follows', () => {
  const done = inProgress.given(resolved);

  test('service is restored between the beginning of the impact and now', () => {
    inProgress.when({ type: 'RestoreService', at: '2026-03-02T12:00:00Z' }).thenTypes('ServiceRestored');
    inProgress.when({ type: 'RestoreService', at: '2026-03-02T12:00:01Z' }).thenRefused('incident.future-instant');
    inProgress
      .when({ type: 'RestoreService', at: '2026-03-01T00:00:00Z' })
      .thenRefused('incident.restored-before-start');
  });

  test('it is resolved from any open state, once', () => {
    for (const open of [incident().given(logged()), atDesk, inProgress, inProgress.given(onHold())]) {
      open.when(resolving).thenOne('Resolved', { code: 'solved', notes: 'Done', fix: 'permanent', state: 'resolved' });
    }
    done.when(resolving).thenNothing();
    done.given(closed).when(resolving).thenRefused('incident.already-closed');
  });

  test('a confirmation closes it, by the requester or on their behalf', () => {
    done
      .when({ type: 'ConfirmResolution' }, byAnn)
      .thenOne('ResolutionConfirmed', { mode: 'requester', state: 'closed' });
    done.when({ type: 'ConfirmResolution' }).thenOne('ResolutionConfirmed', { mode: 'agent' });
    inProgress.when({ type: 'ConfirmResolution' }).thenRefused('incident.not-resolved');
  });

  test('a refusal takes it back to work, and counts as a reopening', () => {
    const refused = done.given(...done.when({ type: 'RefuseResolution', reason: 'No' }).events());
    expect(refused.state).toMatchObject({ state: 'in_progress', resolvedAt: null, reopens: 1, agent: 'agent' });
    inProgress.when({ type: 'RefuseResolution', reason: 'No' }).thenRefused('incident.not-resolved');
  });

  test('a closed one is reopened within the window, and not after it', () => {
    const over = done.given(closed);
    const reopening = { type: 'ReopenIncident', reason: 'Again' } as const;
    over.when(reopening, { at: '2026-03-16T12:00:00.000Z' }).thenOne('Reopened', { state: 'in_progress' });
    over.when(reopening, { at: '2026-03-16T12:00:00.001Z' }).thenRefused('incident.reopen-window-passed');
    over.given(cancelled).when(reopening).thenRefused('incident.cancelled');
    inProgress.when(reopening).thenRefused('incident.not-resolved');
    done.when(reopening, { at: '2027-01-01T00:00:00.000Z' }).thenTypes('Reopened');
  });

  test('only what is resolved is closed, and closing it again says nothing new', () => {
    done.when({ type: 'CloseIncident' }).thenOne('Closed', { mode: 'agent', state: 'closed' });
    inProgress.when({ type: 'CloseIncident' }).thenRefused('incident.not-resolved');
    done.given(closed).when({ type: 'CloseIncident' }).thenNothing();
  });

  test('it is cancelled while it is open; by its requester until work begins', () => {
    const cancelling = { type: 'CancelIncident', reason: 'By mistake' } as const;
    atDesk.when(cancelling, byAnn).thenTypes('Cancelled');
    inProgress.when(cancelling, byAnn).thenRefused('incident.work-started');
    inProgress.when(cancelling).thenTypes('Cancelled');
    done.when(cancelling).thenRefused('incident.already-resolved');
    atDesk.given(cancelled).when(cancelling).thenNothing();
  });

  test('satisfaction is rated from 1 to 5 once it is resolved', () => {
    done
      .when({ type: 'RateSatisfaction', score: 4 })
      .then({ type: 'SatisfactionRated', data: { score: 4, text: null } });
    done.when({ type: 'RateSatisfaction', score: 6 }).thenRefused('incident.score', { pointer: '/score' });
    inProgress.when({ type: 'RateSatisfaction', score: 4 }).thenRefused('incident.not-resolved');
  });
});

describe('links, assets and persons', () => {
  test('adding what is there and removing what is not has taken effect already', () => {
    const linking = { type: 'LinkIncident', link: 'problem', target: 'PRB1' } as const;
    const [linked] = atDesk.when(linking).events();
    const given = atDesk.given(linked as IncidentEvent);
    given.when(linking).thenNothing();
    const id = given.state.links[0]?.id ?? '';
    given.when({ type: 'UnlinkIncident', id }).thenTypes('Unlinked');
    atDesk.when({ type: 'UnlinkIncident', id }).thenNothing();
    atDesk.when({ type: 'AddAsset', asset: 'laptop' }).thenTypes('AssetAffected');
    incident()
      .given(logged({ assets: ['laptop'] }))
      .when({ type: 'AddAsset', asset: 'laptop' })
      .thenNothing();
    incident()
      .given(logged({ assets: ['laptop'] }))
      .when({ type: 'ClearAsset', asset: 'laptop' })
      .thenTypes('AssetCleared');
    atDesk.when({ type: 'AddWatcher', person: 'bo' }).thenTypes('WatcherAdded');
    atDesk
      .when({ type: 'AddWatcher', person: 'nobody' })
      .thenRefused('incident.unknown-person', { pointer: '/person' });
    atDesk.when({ type: 'RemoveWatcher', person: 'bo' }).thenNothing();
    atDesk.when({ type: 'AddAffectedPerson', person: 'bo' }).thenTypes('PersonAffected');
  });
});

test('nothing is asked of an incident that was never logged', () => {
  incident().when({ type: 'AcknowledgeIncident' }).thenRefused('incident.not-found');
});

describe('whatever is asked, in whatever order', () => {
  const command: fc.Arbitrary<IncidentCommand> = fc.oneof(
    fc.record({ type: fc.constant('AssignIncident' as const), team: fc.constantFrom('desk', 'second', 'third') }),
    fc.record({ type: fc.constant('AssignIncident' as const), agent: fc.constantFrom('agent', 'bo') }),
    fc.record({ type: fc.constant('PutIncidentOnHold' as const), reason: fc.constantFrom('caller', 'supplier') }),
    fc.record({
      type: fc.constant('EscalateIncident' as const),
      kind: fc.constantFrom('functional' as const, 'hierarchical' as const),
      to: fc.constantFrom('second', 'third', 'bo', undefined),
      reason: fc.constant('r'),
    }),
    fc.constantFrom<IncidentCommand>(
      { type: 'ReturnToQueue', reason: 'r' },
      { type: 'AcknowledgeIncident' },
      { type: 'StartWork' },
      { type: 'ResumeIncident' },
      { type: 'DeescalateIncident', reason: 'r' },
      resolving,
      { type: 'ConfirmResolution' },
      { type: 'RefuseResolution', reason: 'r' },
      { type: 'ReopenIncident', reason: 'r' },
      { type: 'CloseIncident' },
      { type: 'CancelIncident', reason: 'r' },
      { type: 'AddComment', text: 'c', visibility: 'public' },
      { type: 'RateSatisfaction', score: 3 },
    ),
  );

  const expectSound = (state: Incident): void => {
    expect(state.state === 'on_hold').toBe(state.holdReason !== null);
    expect(state.resolvedAt !== null).toBe(state.state === 'resolved' || state.state === 'closed');
    expect(state.closedAt !== null).toBe(state.state === 'closed');
    if (state.state === 'new') expect(state.team).toBeNull();
    if (state.state === 'queued') expect(state).toMatchObject({ team: expect.any(String), agent: null });
    if (state.state === 'assigned' || state.state === 'in_progress') expect(state.agent).not.toBeNull();
    if (state.agent !== null) expect(state.team).not.toBeNull();
  };

  test('the incident stays sound, each event says the state it brings about, and refusals change nothing', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 25 }), (commands) => {
        let state = incident().given(logged()).state;
        let revision = 0;
        const at = '2026-03-02T12:00:00.000Z';
        const context = { occurredAt: at, now: at, actor: { id: 'agent', kind: 'person' } as const, facts };
        for (const each of commands) {
          let events: readonly IncidentEvent[] = [];
          try {
            events = incidentDecider.decide(each, state, context);
          } catch (error) {
            if (!(error instanceof DomainError)) throw error;
          }
          for (const event of events) {
            state = incidentDecider.evolve(state, event, envelopeAt((revision += 1)));
            if ('state' in event.data) expect(state.state).toBe(event.data.state);
          }
          expectSound(state);
          expect(isOpen(state.state)).toBe(state.resolvedAt === null && state.state !== 'cancelled');
        }
      }),
      { numRuns: 400 },
    );
  });
});

describe('numbers', () => {
  const numbers = new DeciderSpecification(numbersDecider, { facts: undefined });

  test('are reserved in blocks that never meet, above whatever came from elsewhere', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.integer({ min: 1, max: 50 }), fc.integer({ min: -500, max: -1 }))), (steps) => {
        let given = numbers;
        let last = 0;
        for (const step of steps) {
          const command =
            step > 0
              ? ({ type: 'ReserveNumbers', count: step } as const)
              : ({ type: 'AdvanceNumbers', above: -step } as const);
          for (const event of given.when(command).events()) {
            if (event.type === 'NumbersReserved') {
              expect(event.data.from).toBeGreaterThan(last);
              expect(event.data.to - event.data.from + 1).toBe(step);
              last = event.data.to;
            } else last = Math.max(last, event.data.above);
            given = given.given(event);
          }
        }
      }),
    );
  });
});

describe('external keys', () => {
  const key = new DeciderSpecification(externalKeyDecider, { facts: undefined });
  const claim = (number: string, supersedes: string | null = null) =>
    ({ type: 'ClaimExternalKey', incident: `id-${number}`, number, supersedes }) as const;

  test('have one holder, who gives way only to a claimant that has seen it', () => {
    const [first] = key.when(claim('1')).events();
    const held = key.given(first as never);
    held.when(claim('1')).thenNothing();
    held.when(claim('2')).thenNothing();
    held.when(claim('2', '1')).thenTypes('ExternalKeyClaimed');
    held.when(claim('3', '2')).thenNothing();
  });
});
