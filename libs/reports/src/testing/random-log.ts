import { type IncidentEvent, incidentStatuses } from '@faultline/incidents';
import { type RecordedEvent, type Via } from '@faultline/kernel';
import * as fc from 'fast-check';
import { type Query } from '../query-reader';
import { importVia, logged, recordedAt } from './recorded-history';

/** Every time is a multiple of this, so that events often fall on the very instant that is asked about. */
const halfHour = 1_800_000;
/** Around the start of summer time in Europe, so that buckets of unequal length occur. */
export const epoch = Date.UTC(2016, 2, 20);

const maybe = <Value>(...values: readonly Value[]) => fc.constantFrom<Value | null>(null, ...values);
const teams = ['Network', 'Desktop', 'Mail'] as const;
const agents = ['ada', 'ben'] as const;
const holdReasons = ['caller', 'supplier', 'problem'] as const;
const assets = ['router-1', 'printer-2', 'laptop-3'] as const;

const state = fc.constantFrom(...incidentStatuses);
const priority = maybe<1 | 2 | 3 | 4>(1, 2, 3, 4);
const assignment = fc.record({ team: maybe(...teams), tier: maybe(1, 2, 3), agent: maybe(...agents) });
const party = fc.record({ team: maybe(...teams), tier: maybe(1, 2, 3), person: maybe(...agents) });
const nowhere = { team: null, tier: null, agent: null };
const kinds = ['functional', 'functional', 'hierarchical'] as const;

const typed = <Event extends IncidentEvent>(type: Event['type'], data: fc.Arbitrary<Event['data']>) =>
  data.map((value) => ({ type, data: value }) as unknown as IncidentEvent);

const escalation = fc.record({
  kind: fc.constantFrom(...kinds),
  from: party,
  to: party,
  reason: fc.constant(null),
  trigger: fc.constantFrom('manual' as const, 'import' as const),
  state,
});

const change = <Value>(to: fc.Arbitrary<Value | null>) => fc.record({ from: fc.constant(null), to });
const by = fc.constant('ada');

/** Any event with any state that it can carry, in any order: what no rule of ours allows, an import may state. */
export const anyEvent: fc.Arbitrary<IncidentEvent> = fc.oneof(
  typed('Assigned', fc.record({ from: fc.constant(nowhere), to: assignment, state })),
  typed('ReturnedToQueue', fc.record({ from: fc.constant(nowhere), to: assignment, state, reason: fc.constant(null) })),
  typed('Acknowledged', fc.record({ by, agent: maybe(...agents), state })),
  typed('WorkStarted', fc.record({ by, agent: maybe(...agents), state })),
  typed('Escalated', escalation),
  typed('Deescalated', escalation),
  typed(
    'PutOnHold',
    fc.record({
      reason: fc.constantFrom(...holdReasons),
      note: fc.constant(null),
      until: fc.constant(null),
      state: fc.constantFrom('on_hold', 'on_hold', 'on_hold', 'new'),
    }),
  ),
  typed('Resumed', fc.record({ state })),
  typed('Reopened', fc.record({ reason: fc.constant(null), state })),
  typed(
    'Resolved',
    fc.constant({ code: null, notes: null, fix: null, verification: null, state: 'resolved' as const }),
  ),
  typed('Closed', fc.record({ code: fc.constant(null), mode: fc.constant('agent' as const), state })),
  typed('Cancelled', fc.constant({ reason: null, state: 'cancelled' as const })),
  typed('BreachImported', fc.constant({ clock: 'resolution' as const })),
  typed(
    'Classified',
    fc.record({ category: maybe('Hardware', 'Mail'), subcategory: maybe('s1'), symptom: maybe('y1', 'y2') }),
  ),
  typed(
    'Prioritized',
    fc.record({ impact: fc.constant(null), urgency: fc.constant(null), priority, overrideReason: fc.constant(null) }),
  ),
  typed(
    'DetailsAmended',
    fc.record({
      changes: fc.record(
        {
          service: change(maybe('Intranet', 'VPN')),
          location: change(maybe('Ghent', 'Lyon')),
          requester: change(maybe('cleo')),
        },
        { requiredKeys: [] },
      ),
    }),
  ),
  typed('AssetAffected', fc.record({ asset: fc.constantFrom(...assets) })),
  typed('AssetCleared', fc.record({ asset: fc.constantFrom(...assets) })),
  typed('UpdateImported', fc.constant({ columns: ['notify'] })),
  typed('CommentAdded', fc.constant({ text: 'Still broken', visibility: 'public' as const })),
);

const anyLogging = fc
  .record({
    state: fc.constantFrom('new' as const, 'new' as const, 'new' as const, 'resolved' as const, 'in_progress' as const),
    channel: maybe('phone', 'portal'),
    requester: maybe('cleo', 'dan'),
    service: maybe('Intranet', 'VPN'),
    category: maybe('Hardware', 'Mail'),
    subcategory: maybe('s1', 's2'),
    symptom: maybe('y1'),
    priority,
    assets: fc.array(fc.constantFrom(...assets), { maxLength: 2 }),
    location: maybe('Ghent', 'Lyon'),
  })
  .map(logged);

const live: Via = { kind: 'api-key', id: 'key-1' };
const vias = [
  live,
  importVia('servicenow-audit', 'import-1'),
  importVia('servicenow-audit', 'import-2'),
  importVia('vinst', 'import-3'),
];

const anyHistory = fc.record({
  start: fc.integer({ min: 0, max: 700 }),
  broughtBy: fc.constantFrom(...vias),
  logging: anyLogging,
  steps: fc.array(
    fc.record({
      wait: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 150 })),
      by: fc.option(fc.constantFrom(...vias), { freq: 6 }),
      event: anyEvent,
      turn: fc.nat(1_000),
    }),
    { maxLength: 12 },
  ),
});

/** A log of several incidents whose events lie in any order between those of others, times not in the log's order. */
export const anyLog: fc.Arbitrary<RecordedEvent[]> = fc.array(anyHistory, { maxLength: 10 }).map((histories) => {
  const placed = histories.flatMap(({ start, broughtBy, logging, steps }, number) => {
    const incident = `id-${number}`;
    let at = epoch + start * halfHour;
    let turn = 0;
    const first = { turn: 0, via: broughtBy, happening: { incident, at, event: logging as IncidentEvent } };
    const rest = steps.map((step) => {
      at += step.wait * halfHour;
      turn = Math.max(turn, step.turn);
      return { turn, via: step.by ?? broughtBy, happening: { incident, at, event: step.event } };
    });
    return [first, ...rest];
  });
  return placed
    .sort((a, b) => a.turn - b.turn)
    .map(({ happening, via }, index) => recordedAt(index + 1, happening, via));
});

const instant = fc.integer({ min: -20, max: 1_400 }).map((steps) => new Date(epoch + steps * halfHour).toISOString());

const filterValues: Readonly<Record<string, readonly string[]>> = {
  state: [...incidentStatuses],
  open: ['true', 'false'],
  priority: ['1', '2', '3', '4', 'null'],
  team: [...teams, 'null', 'Nobody'],
  tier: ['1', '2', '3', 'null'],
  agent: [...agents, 'null'],
  service: ['Intranet', 'VPN', 'null'],
  category: ['Hardware', 'Mail', 'null'],
  subcategory: ['s1', 's2', 'null'],
  symptom: ['y1', 'y2', 'null'],
  location: ['Ghent', 'Lyon', 'null'],
  channel: ['phone', 'portal', 'null'],
  requester: ['cleo', 'dan', 'null'],
  major: ['true', 'false'],
  import: ['import-1', 'import-2', 'import-3', 'null'],
};

const anyFilter = fc.constantFrom(...Object.keys(filterValues)).chain((name) =>
  fc.record({
    name: fc.constantFrom(name, `not.${name}`),
    values: fc.subarray([...(filterValues[name] ?? [])], { minLength: 1 }),
  }),
);

const optional = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined, freq: 2 });

/** Filters, `from`, `to`, `asOf` and `timeZone` in any combination. */
export const anyScope: fc.Arbitrary<Query> = fc
  .record({
    filters: fc.array(anyFilter, { maxLength: 2 }),
    from: optional(instant),
    to: optional(instant),
    asOf: optional(instant),
    timeZone: optional(fc.constantFrom('Europe/Brussels', 'America/New_York', 'Asia/Kathmandu', 'UTC')),
  })
  .map(({ filters, ...rest }) => ({
    ...rest,
    ...Object.fromEntries(filters.map(({ name, values }) => [name, values])),
  }));

/** An instant near the events of {@link anyLog}. */
export const anyInstant = instant;
