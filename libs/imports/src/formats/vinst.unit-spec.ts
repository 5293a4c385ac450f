import fc from 'fast-check';
import { type IncidentEvent } from '@faultline/incidents';
import { type ImportedIncident } from './import-format';
import { vinst } from './vinst';
import { folded, incidentOf, rowContext, type RowByColumn, valuesOf } from '../../../../test/support/import-rows';

const first: RowByColumn = {
  'SR Number': '1-1',
  'Change Date+Time': '2010-03-31T16:00:00+01:00',
  Status: 'Accepted',
  'Sub Status': 'In Progress',
  'Involved ST': 'V30',
  'ST Level': 'L1',
  'SR Latest Impact': 'Medium',
  Product: 'PROD1',
  Country: 'se',
  'Owner First Name': 'Ann',
};
const next = (minute: number, changes: RowByColumn): RowByColumn => ({
  ...first,
  'Change Date+Time': `2010-03-31T17:${String(minute).padStart(2, '0')}:00+01:00`,
  ...changes,
});
const queued = { Status: 'Queued', 'Sub Status': 'Awaiting Assignment' };
const imported = (...rows: RowByColumn[]) => incidentOf(vinst, rows);
const later = (...rows: RowByColumn[]): IncidentEvent[] => {
  const known = imported(first).events.length;
  return imported(first, ...rows)
    .events.slice(known)
    .map(({ event }) => event);
};
const none = { team: null, tier: null, agent: null };
const ann = { team: 'V30', tier: 1, agent: 'id:Ann' };

describe('the first row of a VINST log', () => {
  it('logs the incident; team, tier, agent and state follow at the same time', () => {
    const incident = imported(first);
    expect(incident.events.map(({ event }) => event)).toEqual([
      {
        type: 'IncidentLogged',
        data: {
          number: '1-1',
          state: 'new',
          title: null,
          description: null,
          channel: null,
          requester: null,
          loggedBy: null,
          service: 'PROD1',
          category: null,
          subcategory: null,
          symptom: null,
          impact: null,
          urgency: null,
          priority: 3,
          assets: [],
          location: 'se',
          startedAt: null,
          externalKey: null,
        },
      },
      { type: 'Assigned', data: { from: none, to: ann, state: 'new' } },
      { type: 'WorkStarted', data: { by: 'id:Ann', agent: 'id:Ann', state: 'in_progress' } },
    ]);
    expect(incident.events.map(({ occurredAt, actor }) => [occurredAt, actor])).toEqual(
      Array.from({ length: 3 }, () => ['2010-03-31T15:00:00.000Z', 'Ann']),
    );
    expect(incident.names).toEqual({
      teams: [{ key: 'V30', tier: 1 }],
      services: ['PROD1'],
      categories: [],
      persons: ['Ann'],
    });
  });

  it('has no agent while it is queued', () => {
    const team = { team: 'V30', tier: 1, agent: null };
    expect(
      imported({ ...first, ...queued })
        .events.map(({ event }) => event)
        .slice(1),
    ).toEqual([
      { type: 'Assigned', data: { from: none, to: team, state: 'new' } },
      { type: 'Assigned', data: { from: team, to: team, state: 'queued' } },
    ]);
  });

  it('leaves a trace if it shows neither team nor state', () => {
    const bare = { 'SR Number': '1-1', 'Change Date+Time': '2010-03-31T16:00:00Z', Status: 'Unmatched' };
    expect(imported(bare).events.map(({ event }) => event.type)).toEqual(['IncidentLogged', 'UpdateImported']);
  });
});

describe('status and sub status', () => {
  it.each([
    ['Queued', 'Awaiting Assignment', 'queued', undefined],
    ['Accepted', 'In Progress', 'in_progress', undefined],
    ['Accepted', 'Assigned', 'assigned', undefined],
    ['Accepted', 'Wait', 'on_hold', 'other'],
    ['Accepted', 'Wait - User', 'on_hold', 'caller'],
    ['Accepted', 'Wait - Customer', 'on_hold', 'customer'],
    ['Accepted', 'Wait - Vendor', 'on_hold', 'supplier'],
    ['Accepted', 'Wait - Implementation', 'on_hold', 'implementation'],
    ['Accepted', 'Pondering', 'in_progress', undefined],
    ['Accepted', '?', 'in_progress', undefined],
    ['Completed', 'Resolved', 'resolved', undefined],
    ['Completed', 'In Call', 'resolved', undefined],
    ['Completed', 'Closed', 'closed', undefined],
    ['Completed', 'Cancelled', 'cancelled', undefined],
    ['Completed', 'Somehow', 'resolved', undefined],
  ])('%s, %s means %s (%s)', (Status, subStatus, state, reason) => {
    const { events } = imported({ ...first, Status, 'Sub Status': subStatus });
    expect(events.at(-1)?.event.data).toMatchObject(reason === undefined ? { state } : { state, reason });
  });

  it('keeps the state at Unmatched and at unknown', () => {
    const held = next(1, { 'Sub Status': 'Wait - User' });
    const unmatched = next(2, { Status: 'Unmatched', 'Sub Status': 'Unmatched' });
    expect(later(held, unmatched, next(3, { Status: '?', 'Sub Status': '?' })).map(({ type }) => type)).toEqual([
      'PutOnHold',
      'UpdateImported',
      'UpdateImported',
    ]);
  });

  it('names each move', () => {
    const statuses: [string, string][] = [
      ['Accepted', 'Wait'],
      ['Accepted', 'Wait - User'],
      ['Accepted', 'In Progress'],
      ['Completed', 'In Call'],
      ['Completed', 'Resolved'],
      ['Completed', 'Closed'],
      ['Accepted', 'Assigned'],
      ['Accepted', 'In Progress'],
      ['Completed', 'Cancelled'],
    ];
    const rows = statuses.map(([Status, subStatus], index) => next(index, { Status, 'Sub Status': subStatus }));
    expect(later(...rows).map(({ type }) => type)).toEqual([
      'PutOnHold',
      'PutOnHold',
      'Resumed',
      'Resolved',
      'UpdateImported',
      'Closed',
      'Reopened',
      'WorkStarted',
      'Cancelled',
    ]);
  });
});

describe('team, tier and agent', () => {
  it('records an escalation beside the assignment if the tier rises with a change of team', () => {
    const change = next(1, { 'Involved ST': 'V5 3rd', 'ST Level': 'L3', 'Owner First Name': 'Ben' });
    expect(later(change)).toEqual([
      { type: 'Assigned', data: { from: ann, to: { team: 'V5 3rd', tier: 3, agent: 'id:Ben' }, state: 'in_progress' } },
      {
        type: 'Escalated',
        data: {
          kind: 'functional',
          from: { tier: 1, team: 'V30', person: null },
          to: { tier: 3, team: 'V5 3rd', person: null },
          reason: null,
          trigger: 'import',
          state: 'in_progress',
        },
      },
    ]);
  });

  it('records an escalation or the opposite alone if only the tier changes, L2/L3 being 2', () => {
    const levels = ['L2/L3', 'L2', '?', 'L1', 'L3'].map((level, index) => next(index, { 'ST Level': level }));
    const events = later(...levels);
    expect(events.map(({ type }) => type)).toEqual([
      'Escalated',
      'UpdateImported',
      'UpdateImported',
      'Deescalated',
      'Escalated',
    ]);
    expect(events[3]?.data).toMatchObject({ from: { tier: 2, team: 'V30' }, to: { tier: 1, team: 'V30' } });
  });

  it('assigns when the tier first becomes known', () => {
    const incident = imported({ ...first, 'ST Level': '?' }, next(1, { 'ST Level': 'L2' }));
    expect(incident.events.at(-1)?.event).toEqual({
      type: 'Assigned',
      data: { from: { ...ann, tier: null }, to: { ...ann, tier: 2 }, state: 'in_progress' },
    });
    expect(incident.names.teams).toEqual([{ key: 'V30', tier: 2 }]);
  });

  it('assigns when only the agent changes, but not when it becomes unknown', () => {
    expect(later(next(1, { 'Owner First Name': 'Ben' }), next(2, { 'Owner First Name': '?' }))).toEqual([
      { type: 'Assigned', data: { from: ann, to: { ...ann, agent: 'id:Ben' }, state: 'in_progress' } },
      { type: 'UpdateImported', data: { columns: ['Change Date+Time'] } },
    ]);
  });

  it('takes the agent off as it returns to the queue, and does not bring back one whom nobody names', () => {
    const noone = { ...ann, agent: null };
    expect(
      later(next(1, queued), next(2, { 'Owner First Name': '?' }), next(3, { 'Owner First Name': 'Ben' })),
    ).toEqual([
      { type: 'ReturnedToQueue', data: { from: ann, to: noone, reason: null, state: 'queued' } },
      { type: 'WorkStarted', data: { by: 'unknown', agent: null, state: 'in_progress' } },
      { type: 'Assigned', data: { from: noone, to: { ...ann, agent: 'id:Ben' }, state: 'in_progress' } },
    ]);
  });

  it('takes the agent off before a resolved one is reopened into a queue', () => {
    const resolved = next(1, { Status: 'Completed', 'Sub Status': 'Resolved' });
    expect(later(resolved, next(2, queued)).slice(1)).toEqual([
      { type: 'Assigned', data: { from: ann, to: { ...ann, agent: null }, state: 'resolved' } },
      { type: 'Reopened', data: { reason: null, state: 'queued' } },
    ]);
  });
});

describe('several changes in one row', () => {
  it('are several events in the table’s order, the move of state last', () => {
    const change = next(1, {
      ...queued,
      'Involved ST': 'V5',
      'ST Level': 'L2',
      'SR Latest Impact': 'Major',
      Product: 'PROD2',
      Country: 'pl',
    });
    const incident = imported(first, change);
    const to = { team: 'V5', tier: 2, agent: null };
    expect(incident.events.slice(3).map(({ event }) => event)).toEqual([
      { type: 'Assigned', data: { from: ann, to, state: 'in_progress' } },
      { type: 'Escalated', data: expect.objectContaining({ state: 'in_progress' }) },
      { type: 'Prioritized', data: { impact: null, urgency: null, priority: 1, overrideReason: null } },
      {
        type: 'DetailsAmended',
        data: { changes: { service: { from: 'PROD1', to: 'PROD2' }, location: { from: 'se', to: 'pl' } } },
      },
      { type: 'ReturnedToQueue', data: { from: to, to, reason: null, state: 'queued' } },
    ]);
    expect(incident.names.services).toEqual(['PROD1', 'PROD2']);
  });

  it.each([
    ['Major', 1],
    ['High', 2],
    ['Medium', 3],
    ['Low', 4],
  ])('impact %s is priority %i', (impact, priority) => {
    expect(imported({ ...first, 'SR Latest Impact': impact }).events[0]?.event.data).toMatchObject({ priority });
  });
});

describe('reading a row of a VINST log', () => {
  it.each([
    ['Change Date+Time', '?'],
    ['Change Date+Time', '2010-03-31 16:00:00'],
    ['Change Date+Time', '2010-02-30T16:00:00Z'],
    ['Change Date+Time', '1969-12-31T23:59:59Z'],
    ['Change Date+Time', '2030-01-01T00:00:01Z'],
    ['ST Level', 'L4'],
    ['SR Latest Impact', 'Huge'],
  ])('rejects it for %s %p', (column, value) => {
    const found = vinst.orderOf(valuesOf(vinst, { ...first, [column]: value }), rowContext());
    expect(found).toMatchObject({ column, reason: expect.any(String) });
  });

  it('orders by instant, not by text, and rows of one second as they stand in the file', () => {
    const rows = [
      { ...first, 'Change Date+Time': '2010-03-31T12:00:00+02:00', Country: 'second' },
      { ...first, 'Change Date+Time': '2010-03-31T11:00:00+03:00', Country: 'first' },
      { ...first, 'Change Date+Time': '2010-03-31T10:00:00Z', Country: 'third' },
    ];
    const places = imported(...rows).events.flatMap(({ event }) =>
      event.type === 'IncidentLogged'
        ? [event.data.location]
        : event.type === 'DetailsAmended'
          ? [event.data.changes.location?.to]
          : [],
    );
    expect(places).toEqual(['first', 'second', 'third']);
  });
});

describe('any VINST log', () => {
  const value = (...values: string[]) => fc.constantFrom(...values);
  const change = fc.record({
    Status: value('Queued', 'Accepted', 'Completed', 'Unmatched', '?'),
    'Sub Status': value('In Progress', 'Wait', 'Wait - User', 'Assigned', 'Resolved', 'Closed', 'Cancelled', '?'),
    'Involved ST': value('A', 'B', '?'),
    'ST Level': value('L1', 'L2', 'L2/L3', 'L3', '?'),
    'Owner First Name': value('Ann', 'Ben', '?'),
    'SR Latest Impact': value('Low', 'High', '?'),
  });
  const histories = fc
    .array(change, { minLength: 1, maxLength: 12 })
    .map((rows) => rows.map((row, index) => next(index, row)));
  const plain = ({ events, ...rest }: ImportedIncident) => ({
    ...rest,
    events: events.map((event) => ({ ...event, line: 0 })),
  });

  it('tells the same however its rows are shuffled', () => {
    const shuffled = histories.chain((rows) =>
      fc.tuple(fc.constant(rows), fc.shuffledSubarray(rows, { minLength: rows.length })),
    );
    fc.assert(
      fc.property(shuffled, ([rows, mixed]) => {
        expect(plain(imported(...mixed))).toEqual(plain(imported(...rows)));
      }),
    );
  });

  it('leaves a trace of each row, and each change of assignment begins where the last one ended', () => {
    fc.assert(
      fc.property(histories, (rows) => {
        const { events } = imported(...rows);
        expect(new Set(events.map(({ line }) => line)).size).toBe(rows.length);
        events.forEach(({ event }, index) => {
          if (event.type !== 'Assigned' && event.type !== 'ReturnedToQueue') return;
          const { team, agent } = folded(events.slice(0, index));
          // An assignment beside a step of tier carries the new tier, so only the first of the two starts from the old one.
          expect(event.data.from).toMatchObject({ team, agent });
        });
      }),
    );
  });

  it('folds to the last known values after each row', () => {
    fc.assert(
      fc.property(histories, (rows) => {
        const tiers: Record<string, number> = { L1: 1, L2: 2, 'L2/L3': 2, L3: 3 };
        const { events } = imported(...rows);
        rows.forEach((row, index) => {
          const last = (column: string) =>
            rows
              .slice(0, index + 1)
              .map((earlier) => earlier[column])
              .findLast((found) => found !== '?');
          const incident = folded(events.filter(({ line }) => line <= index + 2));
          const owner = row['Owner First Name'];
          expect(incident).toMatchObject({
            team: last('Involved ST') ?? null,
            tier: tiers[last('ST Level') ?? ''] ?? null,
            priority: { Low: 4, High: 2 }[last('SR Latest Impact') ?? ''] ?? null,
          });
          if (incident.state === 'queued') expect(incident.agent).toBeNull();
          else if (owner !== '?') expect(incident.agent).toBe(`id:${owner ?? ''}`);
        });
      }),
    );
  });
});
