import { evolve, type IncidentEvent, type IncidentStatus, initialIncident } from '@faultline/incidents';
import { type RecordedEvent } from '@faultline/kernel';
import * as fc from 'fast-check';
import { anyLog } from './testing/random-log';
import { type Happening, importVia, logged, recorded } from './testing/recorded-history';
import { foldTimeline, timelineProjection } from './timeline.projection';
import { type TimelineDocument } from './timeline.types';

const fold = (events: readonly RecordedEvent[]): TimelineDocument | null =>
  events.reduce<TimelineDocument | null>(foldTimeline, null);

const at = (clock: string): number => Date.parse(`2016-05-04T${clock}Z`);
const nobody = { team: null, tier: null, agent: null };
const assigned = (team: string | null, tier: number | null, state: IncidentStatus = 'queued'): IncidentEvent => ({
  type: 'Assigned',
  data: { from: nobody, to: { team, tier, agent: null }, state },
});
const held = (reason: string): IncidentEvent => ({
  type: 'PutOnHold',
  data: { reason, note: null, until: null, state: 'on_hold' },
});
const moved = (type: 'Resumed' | 'Reopened' | 'Closed', state: IncidentStatus): IncidentEvent =>
  ({ type, data: { state, reason: null, code: null, mode: 'import' } }) as unknown as IncidentEvent;
const comment: IncidentEvent = { type: 'CommentAdded', data: { text: 'Any news?', visibility: 'public' } };

const happenings = (...events: readonly (readonly [string, IncidentEvent])[]): Happening[] =>
  events.map(([clock, event]) => ({ incident: 'i1', at: at(clock), event }));

describe('the timeline of an incident', () => {
  it('keeps what changed, when, and what counts as a moment', () => {
    const events = recorded(
      happenings(
        ['08:00:00', logged({ priority: 2, category: 'Mail', assets: ['laptop-3', 'laptop-3'] })],
        ['08:10:00', assigned('Desktop', 1)],
        ['08:20:00', assigned('Network', 2)],
        ['08:25:00', comment],
        ['08:30:00', held('caller')],
        ['08:40:00', held('supplier')],
        ['08:50:00', moved('Resumed', 'queued')],
      ),
    );
    expect(fold(events)).toEqual({
      _id: 'i1',
      position: events[6]?.position,
      import: null,
      rows: [
        { at: at('08:00:00'), state: 'new', priority: 2, category: 'Mail', assets: ['laptop-3'] },
        { at: at('08:10:00'), state: 'queued', team: 'Desktop', tier: 1 },
        { at: at('08:20:00'), team: 'Network', tier: 2, moments: ['reassigned'] },
        { at: at('08:30:00'), state: 'on_hold', holdReason: 'caller', moments: ['held'] },
        { at: at('08:40:00'), holdReason: 'supplier', moments: ['held'] },
        { at: at('08:50:00'), state: 'queued', holdReason: null },
      ],
      end: expect.objectContaining({
        state: 'queued',
        team: 'Network',
        knownTeam: 'Network',
        breached: false,
      }) as unknown,
    });
  });

  it('is the same object after an event that no report can tell', () => {
    const [first, second] = recorded(happenings(['08:00:00', logged()], ['08:05:00', comment]));
    const before = foldTimeline(null, first!);
    expect(foldTimeline(before, second!)).toBe(before);
  });

  it('does not begin before the incident was logged', () => {
    expect(fold(recorded(happenings(['08:00:00', comment], ['08:01:00', assigned('Desktop', 1)])))).toBeNull();
  });

  it('compares teams with the last one known', () => {
    const timeline = fold(
      recorded(
        happenings(
          ['08:00:00', logged()],
          ['08:01:00', assigned('Desktop', 1)],
          ['08:02:00', assigned(null, null, 'new')],
          ['08:03:00', assigned('Desktop', 1)],
          ['08:04:00', assigned(null, null, 'new')],
          ['08:05:00', assigned('Network', 1)],
        ),
      ),
    );
    const times = timeline?.rows.filter(({ moments }) => moments?.includes('reassigned')).map((row) => row.at);
    expect(times).toEqual([at('08:05:00')]);
  });

  it('takes a move to in progress for the acknowledgement in an import only', () => {
    const events = happenings(
      ['08:00:00', logged()],
      ['08:01:00', moved('Resumed', 'in_progress')],
      ['08:02:00', moved('Closed', 'closed')],
      ['08:03:00', moved('Reopened', 'in_progress')],
    );
    const moments = (timeline: TimelineDocument | null) => timeline?.rows.map((row) => row.moments ?? []);
    expect(moments(fold(recorded(events)))).toEqual([[], [], ['resolved'], ['reopened']]);
    const imported = fold(recorded(events, importVia('vinst', 'import-7')));
    expect(moments(imported)).toEqual([[], ['acknowledged'], ['resolved'], ['reopened']]);
    expect(imported?.import).toEqual({ id: 'import-7', format: 'vinst' });
  });

  it('counts the move from cancelled to closed as a resolution, and none from resolved to closed', () => {
    const cancelled: IncidentEvent = { type: 'Cancelled', data: { reason: null, state: 'cancelled' } };
    const timeline = fold(
      recorded(
        happenings(
          ['08:00:00', logged()],
          ['08:01:00', moved('Closed', 'resolved')],
          ['08:02:00', moved('Closed', 'closed')],
          ['08:03:00', cancelled],
          ['08:04:00', moved('Closed', 'closed')],
        ),
      ),
    );
    expect(timeline?.rows.map((row) => row.moments ?? [])).toEqual([[], ['resolved'], [], [], ['resolved']]);
  });

  it('reads the streams of incidents and finds what is newer by position', () => {
    const [event] = recorded(happenings(['08:00:00', logged()]));
    expect(timelineProjection.keyOf(event!)).toBe('i1');
    expect(timelineProjection.streamPrefixes).toEqual(['incident-']);
    expect(timelineProjection.indexes).toContainEqual([['position', 1]]);
  });

  it('ends where the domain folds the incident to, whatever happened', () => {
    fc.assert(
      fc.property(anyLog, (log) => {
        const events = log.filter(({ stream }) => stream === 'incident-id-0');
        const incident = events.reduce(
          (state, event) => evolve(state, event as unknown as IncidentEvent, event),
          initialIncident(),
        );
        const timeline = fold(events);
        fc.pre(timeline !== null);
        const { knownTeam, acknowledged, breached, ...values } = timeline.end;
        expect({ ...incident, assets: [...new Set(incident.assets)].sort() }).toMatchObject({
          ...values,
          assets: [...values.assets].sort(),
          lastKnownTeam: knownTeam,
          import: timeline.import,
        });
        expect(incident.acknowledgedAt !== null).toBe(acknowledged);
        expect(incident.breachImportedAt !== null).toBe(breached);
        const count = (moment: string) =>
          timeline.rows.flatMap(({ moments = [] }) => moments.filter((other) => other === moment)).length;
        expect(count('reassigned')).toBe(incident.reassignments);
        expect(count('reopened')).toBe(incident.reopens);
        expect(count('escalated')).toBe(incident.escalations);
      }),
      { numRuns: 500 },
    );
  });
});
