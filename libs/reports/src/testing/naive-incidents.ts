import { type IncidentEvent } from '@faultline/incidents';
import { type RecordedEvent } from '@faultline/kernel';
import { type Query } from '../query-reader';

/** An incident at an instant, worked out from its raw events in the most literal way there is. */
export type NaiveIncident = {
  readonly id: string;
  readonly loggedAt: number;
  readonly values: Readonly<Record<string, string | null>>;
  readonly known: Readonly<Record<string, string | null>>;
  readonly assets: readonly string[];
  readonly importFormat: string | null;
  readonly resolvedMoves: readonly number[];
  readonly acknowledgedAt: number | null;
  readonly breachedAt: number | null;
  readonly moves: readonly { readonly measure: string; readonly at: number; readonly reason: string | null }[];
  readonly path: string;
};

const text = (value: string | number | null): string | null => (value === null ? null : String(value));
const timeOf = (event: RecordedEvent): number => Date.parse(event.metadata.occurredAt);
const isOver = (state: string | null): boolean => ['resolved', 'closed', 'cancelled'].includes(state ?? '');
const isDone = (state: string | null): boolean => ['resolved', 'closed'].includes(state ?? '');

/** Every incident of a log that was logged by `asOf` (ms), as of then. */
export function naiveIncidents(log: readonly RecordedEvent[], asOf: number): NaiveIncident[] {
  const streams = new Map<string, RecordedEvent[]>();
  for (const event of log) streams.set(event.stream, [...(streams.get(event.stream) ?? []), event]);
  return [...streams.values()]
    .map((events) => events.filter((event) => timeOf(event) <= asOf))
    .filter((events) => events.length > 0)
    .map(naiveIncident);
}

function naiveIncident(events: readonly RecordedEvent[]): NaiveIncident {
  const [first] = events;
  if (!first) throw new Error('no events');
  const values: Record<string, string | null> = { state: null, team: null, tier: null, agent: null, holdReason: null };
  const known: Record<string, string | null> = {};
  const moves: { measure: string; at: number; reason: string | null }[] = [];
  const resolvedMoves: number[] = [];
  const path: string[] = [];
  const acknowledgements: number[] = [];
  const breaches: number[] = [];
  let assets: string[] = [];
  for (const recorded of events) {
    const at = timeOf(recorded);
    const event = recorded as unknown as IncidentEvent;
    const before = { ...values };
    const teamBefore = known['team'] ?? null;
    Object.assign(values, changedBy(event, before));
    if ('state' in event.data) values['state'] = event.data.state;
    if (values['state'] !== 'on_hold') values['holdReason'] = null;
    if (event.type === 'IncidentLogged') assets = [...new Set(event.data.assets)];
    if (event.type === 'AssetAffected')
      assets = [...assets.filter((asset) => asset !== (event.data as { asset: string }).asset), event.data.asset];
    if (event.type === 'AssetCleared')
      assets = assets.filter((asset) => asset !== (event.data as { asset: string }).asset);
    for (const [name, value] of Object.entries(values)) if (value !== null) known[name] = value;
    const { state = null, team = null, tier = null, holdReason = null } = values;
    const state0 = before['state'] ?? null;
    const move = (measure: string, reason: string | null = null) => moves.push({ measure, at, reason });
    if (team !== null && teamBefore !== null && team !== teamBefore) move('reassignments');
    if (isOver(state0) && !isOver(state)) move('reopens');
    if (state === 'on_hold' && (state0 !== 'on_hold' || before['holdReason'] !== holdReason)) move('holds', holdReason);
    if (event.type === 'Escalated' && event.data.kind === 'functional') move('escalations');
    if (event.type === 'Deescalated' && event.data.kind === 'functional') move('deescalations');
    if (isDone(state) && !isDone(state0)) resolvedMoves.push(at);
    if (tier !== null && path.at(-1) !== tier) path.push(tier);
    if (event.type === 'BreachImported') breaches.push(at);
    const taken = recorded.metadata.via.kind === 'import' && state === 'in_progress' && state0 !== 'in_progress';
    if (event.type === 'Acknowledged' || event.type === 'WorkStarted' || taken) acknowledgements.push(at);
  }
  const { via } = first.metadata;
  const [importId, importFormat] = via.kind === 'import' ? [via.id, via.format] : [null, null];
  const derived = { open: String(!isOver(values['state'] ?? null)), major: 'false', import: importId };
  return {
    id: first.stream.slice('incident-'.length),
    loggedAt: timeOf(first),
    values: { ...values, ...derived },
    ...{ known, assets, importFormat, resolvedMoves, moves, path: path.join('>') },
    acknowledgedAt: acknowledgements[0] ?? null,
    breachedAt: breaches[0] ?? null,
  };
}

function changedBy(
  event: IncidentEvent,
  before: Readonly<Record<string, string | null>>,
): Record<string, string | null> {
  switch (event.type) {
    case 'IncidentLogged': {
      const { priority, service, category, subcategory, symptom, location, channel, requester } = event.data;
      return { priority: text(priority), service, category, subcategory, symptom, location, channel, requester };
    }
    case 'Classified':
      return { ...event.data };
    case 'Prioritized':
      return { priority: text(event.data.priority) };
    case 'DetailsAmended':
      return Object.fromEntries(Object.entries(event.data.changes).map(([name, { to }]) => [name, to]));
    case 'Assigned':
    case 'ReturnedToQueue':
      return { team: event.data.to.team, tier: text(event.data.to.tier), agent: event.data.to.agent };
    case 'Acknowledged':
    case 'WorkStarted':
      return { agent: event.data.agent ?? before['agent'] ?? null };
    case 'Escalated':
    case 'Deescalated': {
      const { kind, to, trigger } = event.data;
      if (kind !== 'functional') return {};
      return trigger === 'import' ? { tier: text(to.tier) } : { team: to.team, tier: text(to.tier), agent: null };
    }
    case 'PutOnHold':
      return { holdReason: event.data.reason };
    default:
      return {};
  }
}

const listOf = (value: Query[string]): readonly string[] => (value === undefined ? [] : [value].flat());

/** Whether an incident passes every filter of a query. */
export function passes({ values }: NaiveIncident, query: Query): boolean {
  return Object.entries(query).every(([parameter, given]) => {
    const name = parameter.replace(/^not\./, '');
    if (!(name in values) || name === 'holdReason') return true;
    const matches = listOf(given).includes(values[name] ?? 'null');
    return parameter.startsWith('not.') ? !matches : matches;
  });
}
