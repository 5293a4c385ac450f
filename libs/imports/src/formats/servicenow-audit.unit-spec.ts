import fc from 'fast-check';
import { type IncidentEvent } from '@faultline/incidents';
import { type ImportedIncident } from './import-format';
import { servicenowAudit } from './servicenow-audit';
import { folded, incidentOf, rowContext, type RowByColumn, valuesOf } from '../../../../test/support/import-rows';

const first: RowByColumn = {
  number: 'INC0000001',
  incident_state: 'New',
  reassignment_count: '0',
  reopen_count: '0',
  sys_mod_count: '0',
  made_sla: 'true',
  caller_id: 'Cleo',
  opened_by: 'Otto',
  opened_at: '1/3/2016 08:00',
  sys_updated_by: 'Uma',
  sys_updated_at: '1/3/2016 08:10',
  contact_type: 'Phone',
  location: 'Hall 1',
  category: 'Mail',
  subcategory: 'Inbox',
  u_symptom: 'Slow',
  impact: '2 - Medium',
  urgency: '2 - Medium',
  priority: '3 - Moderate',
};
const at = (minute: number) => `1/3/2016 09:${String(minute).padStart(2, '0')}`;
const next = (minute: number, changes: RowByColumn): RowByColumn => ({
  ...first,
  sys_mod_count: String(minute),
  sys_updated_at: at(minute),
  ...changes,
});
const imported = (...rows: RowByColumn[]) => incidentOf(servicenowAudit, rows);
const typesOf = ({ events }: ImportedIncident) => events.map(({ event }) => event.type);
const dataOf = (incident: ImportedIncident, type: IncidentEvent['type']) =>
  incident.events.filter(({ event }) => event.type === type).map(({ event }) => event.data);
const afterFirst = (incident: ImportedIncident) => incident.events.slice(2).map(({ event }) => event);

describe('the first row of a ServiceNow audit', () => {
  it('logs the incident at opened_at, by opened_by, with all that the row knows, and leaves a trace of the change', () => {
    expect(imported({ ...first, cmdb_ci: 'CI 1' })).toEqual({
      number: 'INC0000001',
      events: [
        {
          event: {
            type: 'IncidentLogged',
            data: {
              number: 'INC0000001',
              state: 'new',
              title: null,
              description: null,
              channel: 'Phone',
              requester: 'id:Cleo',
              loggedBy: 'id:Otto',
              service: null,
              category: 'Mail',
              subcategory: 'Inbox',
              symptom: 'Slow',
              impact: 2,
              urgency: 2,
              priority: 3,
              assets: ['CI 1'],
              location: 'Hall 1',
              startedAt: null,
              externalKey: null,
            },
          },
          occurredAt: '2016-03-01T08:00:00.000Z',
          actor: 'Otto',
          line: 2,
        },
        {
          event: { type: 'UpdateImported', data: { columns: [] } },
          occurredAt: '2016-03-01T08:10:00.000Z',
          actor: 'Uma',
          line: 2,
        },
      ],
      names: { teams: [], services: [], categories: [['Mail', 'Inbox']], persons: ['Otto', 'Cleo', 'Uma'] },
      differences: {},
    });
  });

  it('logs it at sys_updated_at if that is earlier, or opened_at is unknown', () => {
    expect(imported({ ...first, opened_at: '1/3/2016 08:11' }).events[0]?.occurredAt).toBe('2016-03-01T08:10:00.000Z');
    expect(imported({ ...first, opened_at: '?' }).events[0]?.occurredAt).toBe('2016-03-01T08:10:00.000Z');
  });

  it('then shows assignment, breach, links and, last, the state, each at sys_updated_at', () => {
    const incident = imported({
      ...first,
      incident_state: 'Awaiting Vendor',
      assignment_group: 'Net',
      assigned_to: 'Ann',
      made_sla: 'FALSE',
      problem_id: 'PRB1',
      rfc: 'CHG1',
      caused_by: 'CHG2',
      vendor: 'Acme',
    });
    expect(incident.events.slice(1).map(({ event }) => event)).toEqual([
      {
        type: 'Assigned',
        data: {
          from: { team: null, tier: null, agent: null },
          to: { team: 'Net', tier: null, agent: 'id:Ann' },
          state: 'new',
        },
      },
      { type: 'BreachImported', data: { clock: 'resolution' } },
      { type: 'Linked', data: { id: expect.any(String), type: 'problem', target: 'PRB1' } },
      { type: 'Linked', data: { id: expect.any(String), type: 'change', target: 'CHG1' } },
      { type: 'Linked', data: { id: expect.any(String), type: 'change', target: 'CHG2' } },
      { type: 'Linked', data: { id: expect.any(String), type: 'supplier', target: 'Acme' } },
      { type: 'PutOnHold', data: { reason: 'supplier', note: null, until: null, state: 'on_hold' } },
    ]);
    expect(new Set(incident.events.slice(1).map(({ occurredAt }) => occurredAt))).toEqual(
      new Set(['2016-03-01T08:10:00.000Z']),
    );
    expect(incident.names.teams).toEqual([{ key: 'Net', tier: null }]);
  });

  it('knows nothing of what is unknown', () => {
    const bare = imported({
      number: 'INC1',
      incident_state: '?',
      sys_mod_count: '0',
      sys_updated_at: at(0),
      opened_by: '',
    });
    expect(bare.events[0]).toMatchObject({
      actor: null,
      event: { data: { requester: null, loggedBy: null, category: null, priority: null, assets: [] } },
    });
    expect(bare.events[1]).toMatchObject({ actor: null, event: { type: 'UpdateImported' } });
    expect(bare.names).toEqual({ teams: [], services: [], categories: [], persons: [] });
  });
});

describe('a later row of a ServiceNow audit', () => {
  it('yields one event for each kind of change, in the table’s order, the move of state last', () => {
    const incident = imported(
      first,
      next(1, {
        incident_state: 'Active',
        category: 'Net',
        subcategory: 'Wifi',
        u_symptom: 'Down',
        location: 'Hall 2',
        caller_id: 'Carl',
        cmdb_ci: 'CI 9',
        impact: '1 - High',
        urgency: '1 - High',
        priority: '1 - Critical',
        assignment_group: 'Net',
        assigned_to: 'Ann',
        made_sla: 'false',
        problem_id: 'PRB1',
      }),
    );
    expect(afterFirst(incident)).toEqual([
      { type: 'Classified', data: { category: 'Net', subcategory: 'Wifi', symptom: 'Down' } },
      {
        type: 'DetailsAmended',
        data: {
          changes: { location: { from: 'Hall 1', to: 'Hall 2' }, requester: { from: 'id:Cleo', to: 'id:Carl' } },
        },
      },
      { type: 'AssetAffected', data: { asset: 'CI 9' } },
      { type: 'Prioritized', data: { impact: 1, urgency: 1, priority: 1, overrideReason: null } },
      {
        type: 'Assigned',
        data: {
          from: { team: null, tier: null, agent: null },
          to: { team: 'Net', tier: null, agent: 'id:Ann' },
          state: 'new',
        },
      },
      { type: 'BreachImported', data: { clock: 'resolution' } },
      { type: 'Linked', data: { id: expect.any(String), type: 'problem', target: 'PRB1' } },
      { type: 'WorkStarted', data: { by: 'id:Uma', agent: 'id:Ann', state: 'in_progress' } },
    ]);
    expect(incident.names.categories).toEqual([
      ['Mail', 'Inbox'],
      ['Net', 'Wifi'],
    ]);
  });

  it.each<[string, RowByColumn, IncidentEvent]>([
    [
      'u_symptom',
      { u_symptom: 'Down' },
      { type: 'Classified', data: { category: 'Mail', subcategory: 'Inbox', symptom: 'Down' } },
    ],
    [
      'location',
      { location: 'Hall 2' },
      { type: 'DetailsAmended', data: { changes: { location: { from: 'Hall 1', to: 'Hall 2' } } } },
    ],
    [
      'urgency',
      { urgency: '3 - Low' },
      { type: 'Prioritized', data: { impact: 2, urgency: 3, priority: 3, overrideReason: null } },
    ],
    [
      'priority',
      { priority: '4 - Low' },
      { type: 'Prioritized', data: { impact: 2, urgency: 2, priority: 4, overrideReason: null } },
    ],
  ])('carries the last known values of the others when %s alone changes', (_, change, event) => {
    expect(afterFirst(imported(first, next(1, change)))).toEqual([event]);
  });

  it('takes a change of the team or the agent alone as an assignment that leaves the state as it is', () => {
    const incident = imported(
      first,
      next(1, { assignment_group: 'Net' }),
      next(2, { assignment_group: 'Net', assigned_to: 'Ann' }),
      next(3, { assignment_group: 'Net', assigned_to: 'Ann', incident_state: 'Resolved' }),
      next(4, { assignment_group: 'Mail', assigned_to: 'Ann', incident_state: 'Resolved' }),
    );
    expect(dataOf(incident, 'Assigned')).toEqual([
      { from: { team: null, tier: null, agent: null }, to: { team: 'Net', tier: null, agent: null }, state: 'new' },
      {
        from: { team: 'Net', tier: null, agent: null },
        to: { team: 'Net', tier: null, agent: 'id:Ann' },
        state: 'new',
      },
      {
        from: { team: 'Net', tier: null, agent: 'id:Ann' },
        to: { team: 'Mail', tier: null, agent: 'id:Ann' },
        state: 'resolved',
      },
    ]);
  });

  it('takes unknown after a known value as no change', () => {
    const known = {
      assignment_group: 'Net',
      assigned_to: 'Ann',
      cmdb_ci: 'CI 1',
      made_sla: 'false',
      problem_id: 'PRB1',
    };
    const unknown = Object.fromEntries(
      servicenowAudit.columns
        .filter((column) => !/^(number|sys_)/.test(column))
        .map((column) => [column, column > 'm' ? '?' : '']),
    );
    const incident = imported({ ...first, ...known }, next(1, unknown), next(2, known));
    expect(typesOf(incident).slice(-2)).toEqual(['UpdateImported', 'UpdateImported']);
    expect(typesOf(incident).filter((type) => type === 'Assigned' || type === 'BreachImported')).toHaveLength(2);
  });

  it.each<[string, string, string | null]>([
    ['Awaiting User Info', 'on_hold', 'caller'],
    ['Awaiting Vendor', 'on_hold', 'supplier'],
    ['Awaiting Problem', 'on_hold', 'problem'],
    ['Awaiting Evidence', 'on_hold', 'evidence'],
    ['Active', 'in_progress', null],
    ['Resolved', 'resolved', null],
    ['Closed', 'closed', null],
  ])('moves to the state that %s means', (incident_state, state, reason) => {
    const [event] = afterFirst(imported(first, next(1, { incident_state })));
    expect(event?.data).toMatchObject(reason === null ? { state } : { state, reason });
  });

  it('keeps state and reason at any other value', () => {
    const held = { incident_state: 'Awaiting Problem' };
    const incident = imported(first, next(1, held), next(2, { incident_state: '-100' }), next(3, held));
    expect(typesOf(incident)).toEqual([
      'IncidentLogged',
      'UpdateImported',
      'PutOnHold',
      'UpdateImported',
      'UpdateImported',
    ]);
  });

  it('puts it on hold again when only the reason changes', () => {
    const incident = imported(
      first,
      next(1, { incident_state: 'Awaiting User Info' }),
      next(2, { incident_state: 'Awaiting Problem' }),
      next(3, { incident_state: 'Active' }),
      next(4, { incident_state: 'New' }),
      next(5, { incident_state: 'Closed' }),
      next(6, { incident_state: 'Active' }),
    );
    expect(typesOf(incident).slice(2)).toEqual([
      'PutOnHold',
      'PutOnHold',
      'Resumed',
      'ReturnedToQueue',
      'Closed',
      'Reopened',
    ]);
  });

  it('imports a breach once for each change to false', () => {
    const sla = ['true', 'True', 'false', 'FALSE', '?', 'true', 'false'];
    const incident = imported(first, ...sla.map((made_sla, index) => next(index + 1, { made_sla })));
    expect(dataOf(incident, 'BreachImported')).toHaveLength(2);
    expect(incident.events.filter(({ event }) => event.type === 'BreachImported').map(({ line }) => line)).toEqual([
      5, 9,
    ]);
  });

  it('links what becomes known, but no link twice', () => {
    const incident = imported(
      first,
      next(1, { rfc: 'CHG1' }),
      next(2, { rfc: 'CHG1', caused_by: 'CHG1' }),
      next(3, { rfc: 'CHG2' }),
      next(4, { rfc: 'CHG1' }),
    );
    expect(dataOf(incident, 'Linked').map((data) => ({ ...data, id: '' }))).toEqual([
      { id: '', type: 'change', target: 'CHG1' },
      { id: '', type: 'change', target: 'CHG2' },
    ]);
    expect(dataOf(incident, 'UpdateImported').at(-1)).toEqual({
      columns: ['rfc', 'sys_mod_count', 'sys_updated_at'].sort(inOrder),
    });
  });

  it('leaves a trace of a row that changes nothing that is modelled, with the columns that did change', () => {
    const incident = imported(first, next(1, { contact_type: 'Email', knowledge: 'true', notify: '?' }));
    expect(afterFirst(incident)).toEqual([
      {
        type: 'UpdateImported',
        data: { columns: ['sys_mod_count', 'sys_updated_at', 'contact_type', 'knowledge'].sort(inOrder) },
      },
    ]);
  });

  it('gives the code to the last move to resolved or closed alone', () => {
    const code = { closed_code: 'code 5' };
    const incident = imported(
      { ...first, closed_code: 'code 1' },
      next(1, { ...code, incident_state: 'Resolved' }),
      next(2, { ...code, incident_state: 'Active' }),
      next(3, { ...code, incident_state: 'Resolved' }),
      next(4, { ...code, incident_state: 'Closed' }),
      next(5, { closed_code: '?', incident_state: 'Closed' }),
    );
    expect(dataOf(incident, 'Resolved').map((data) => 'code' in data && data.code)).toEqual([null, null]);
    expect(dataOf(incident, 'Closed')).toEqual([{ code: 'code 5', mode: 'import', state: 'closed' }]);
    expect(dataOf(imported(first, next(1, { ...code, incident_state: 'Resolved' })), 'Resolved')).toEqual([
      { code: 'code 5', notes: null, fix: null, verification: null, state: 'resolved' },
    ]);
  });

  it('names nobody as actor, and unknown as who began, where the row names none', () => {
    const incident = imported(first, next(1, { incident_state: 'Active', sys_updated_by: '?' }));
    expect(incident.events.at(-1)).toMatchObject({
      actor: null,
      event: { type: 'WorkStarted', data: { by: 'unknown' } },
    });
  });
});

const inOrder = (a: string, b: string) => servicenowAudit.columns.indexOf(a) - servicenowAudit.columns.indexOf(b);

describe('the stamped values of a ServiceNow audit', () => {
  const stamps = {
    resolved_by: 'Uma',
    resolved_at: at(3),
    closed_at: '01-03-2016 09:04',
    reassignment_count: '1',
    reopen_count: '1',
  };
  const history = (last: RowByColumn) =>
    imported(
      first,
      next(1, { incident_state: 'Resolved', assignment_group: 'A' }),
      next(2, { incident_state: 'Active', assignment_group: 'B' }),
      next(3, { incident_state: 'Resolved' }),
      next(4, { incident_state: 'Closed', sys_updated_by: 'Karl', ...stamps, ...last }),
    );

  it('are no difference where the rows add up to them', () => {
    expect(history({}).differences).toEqual({});
    expect(history({ resolved_at: '?', resolved_by: '' }).differences).toEqual({});
  });

  it.each<[string, string]>([
    ['opened_at', '1/3/2016 08:01'],
    ['resolved_by', 'Karl'],
    ['resolved_at', at(1)],
    ['resolved_at', 'soon'],
    ['closed_at', at(3)],
    ['reassignment_count', '2'],
    ['reopen_count', '0'],
  ])('are a difference in %s if it says %s', (column, value) => {
    expect(history({ [column]: value }).differences).toEqual({ [column]: 1 });
  });

  it('are a difference where the rows never resolve', () => {
    expect(imported({ ...first, resolved_by: 'Uma', resolved_at: at(1), closed_at: at(2) }).differences).toEqual({
      resolved_by: 1,
      resolved_at: 1,
      closed_at: 1,
    });
  });
});

describe('reading a row of a ServiceNow audit', () => {
  const faultOf = (row: RowByColumn) => servicenowAudit.orderOf(valuesOf(servicenowAudit, row), rowContext());

  it.each<[string, string]>([
    ['sys_updated_at', '?'],
    ['sys_updated_at', '31/2/2016 10:00'],
    ['sys_updated_at', '31/12/1969 23:59'],
    ['sys_updated_at', '2/1/2030 00:00'],
    ['sys_mod_count', ''],
    ['sys_mod_count', '1.5'],
    ['sys_mod_count', '-1'],
    ['opened_at', '1/13/2016 10:00'],
    ['opened_at', '1/1/1907 10:00'],
    ['impact', '4 - None'],
    ['urgency', 'High'],
    ['priority', '5 - Planning'],
    ['made_sla', 'yes'],
  ])('rejects it for %s %p', (column, value) => {
    expect(faultOf({ ...first, [column]: value })).toMatchObject({ column, reason: expect.any(String) });
  });

  it('orders by time of change, then by the counter as a number', () => {
    const minutes = [
      next(2, { sys_mod_count: '0' }),
      next(1, { sys_mod_count: '10' }),
      next(1, { sys_mod_count: '9' }),
    ];
    const locations = minutes.map((row, index) => ({ ...row, location: `Hall ${index}` }));
    expect(dataOf(imported(...locations), 'DetailsAmended')).toEqual([
      { changes: { location: { from: 'Hall 2', to: 'Hall 1' } } },
      { changes: { location: { from: 'Hall 1', to: 'Hall 0' } } },
    ]);
  });

  it('reads times in the zone given', () => {
    const incident = incidentOf(servicenowAudit, [first], 'Europe/Berlin');
    expect(incident.events.map(({ occurredAt }) => occurredAt)).toEqual([
      '2016-03-01T07:00:00.000Z',
      '2016-03-01T07:10:00.000Z',
    ]);
  });
});

describe('any ServiceNow audit', () => {
  const value = (...values: string[]) => fc.constantFrom(...values);
  const change = fc.record({
    incident_state: value('New', 'Active', 'Awaiting User Info', 'Awaiting Problem', 'Resolved', 'Closed', '-100', '?'),
    assignment_group: value('A', 'B', '?'),
    assigned_to: value('Ann', 'Ben', ''),
    priority: value('1 - Critical', '3 - Moderate', '?'),
    category: value('Mail', 'Net', '?'),
    cmdb_ci: value('CI 1', 'CI 2', '?'),
    rfc: value('CHG1', 'CHG2', '?'),
    made_sla: value('true', 'false', '?'),
    closed_code: value('code 1', 'code 2', '?'),
  });
  const histories = fc
    .array(change, { minLength: 1, maxLength: 12 })
    .map((rows) => rows.map((row, index) => next(index, row)));
  const withoutLines = (incident: ImportedIncident) => ({
    ...incident,
    events: incident.events.map((event) => ({ ...event, line: 0 })),
  });

  it('tells the same however its rows are shuffled', () => {
    const shuffled = histories.chain((rows) =>
      fc.tuple(fc.constant(rows), fc.shuffledSubarray(rows, { minLength: rows.length })),
    );
    fc.assert(
      fc.property(shuffled, ([rows, mixed]) => {
        expect(withoutLines(imported(...mixed))).toEqual(withoutLines(imported(...rows)));
      }),
    );
  });

  it('leaves a trace of each row, never goes back in time, and folds to the last known values', () => {
    fc.assert(
      fc.property(histories, (rows) => {
        const { events } = imported(...rows);
        expect(new Set(events.map(({ line }) => line)).size).toBe(rows.length);
        const times = events.map(({ occurredAt }) => occurredAt);
        expect(times).toEqual([...times].sort());
        const last = (column: string) =>
          rows.map((row) => row[column]).findLast((found) => found !== '?' && found !== '');
        expect(folded(events)).toMatchObject({
          team: last('assignment_group') ?? null,
          agent: last('assigned_to') === undefined ? null : `id:${last('assigned_to') ?? ''}`,
          priority: last('priority') === undefined ? null : Number(last('priority')?.[0]),
          category: last('category') ?? null,
        });
      }),
    );
  });
});
