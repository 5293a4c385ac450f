import { formatPosition } from '@faultline/event-store';
import { deriveId, type NewEvent, type RecordedEvent } from '@faultline/kernel';
import { type ReadDocument, type ReadStore, versionedName } from '@faultline/read-store';
import * as fc from 'fast-check';
import { type Contribution, type CountDocument, type Counter, type Projection } from '../projection';

// A read model small enough to be read at a glance: parcels lie in depots, are weighed and tagged, and get lost.

export type Parcel = ReadDocument & {
  readonly depot: string;
  readonly grams: number;
  readonly tags: readonly string[];
};

/** What happens to a parcel; `Scanned` changes nothing, `Invoiced` belongs to no document. */
export type ParcelStep =
  | { readonly type: 'ParcelPosted' | 'ParcelMoved'; readonly data: { readonly depot: string } }
  | { readonly type: 'ParcelWeighed'; readonly data: { readonly grams: number } }
  | { readonly type: 'ParcelTagged'; readonly data: { readonly tag: string } }
  | { readonly type: 'ParcelScanned' | 'ParcelLost' | 'ParcelInvoiced'; readonly data: Record<string, never> };

export type ParcelChange = { readonly parcel: string; readonly step: ParcelStep };

function applyStep(document: Parcel | null, event: RecordedEvent): Omit<Parcel, 'position'> | null {
  const { type, data } = event as unknown as ParcelStep;
  if (type === 'ParcelPosted') return { _id: '', grams: 0, tags: [], ...document, depot: data.depot };
  if (!document) return null;
  switch (type) {
    case 'ParcelMoved':
      return data.depot === document.depot ? document : { ...document, depot: data.depot };
    case 'ParcelWeighed':
      return { ...document, grams: data.grams };
    case 'ParcelTagged':
      return document.tags.includes(data.tag) ? document : { ...document, tags: [...document.tags, data.tag] };
    case 'ParcelLost':
      return null;
    default:
      return document;
  }
}

const depotCounter = (name: string): Counter => ({
  name,
  indexes: [[['labels.depot', 1]]],
  contributions: (document) => {
    const { depot, grams } = document as Parcel;
    return [{ key: depot, labels: { depot }, counts: { parcels: 1, grams } }];
  },
});

const tagCounter = (name: string): Counter => ({
  name,
  indexes: [],
  contributions: (document) =>
    (document as Parcel).tags.map((tag) => ({ key: tag, labels: { tag }, counts: { parcels: 1 } })),
});

/** The read model of parcels, with two counters. Another suffix makes another one in the same store. */
export const parcelProjection = (suffix = ''): Projection<Parcel> => ({
  name: `parcels${suffix}`,
  indexes: [[['depot', 1]]],
  streamPrefixes: ['parcel-'],
  keyOf: ({ type, stream }) => (type === 'ParcelInvoiced' ? null : stream.slice('parcel-'.length)),
  apply: applyStep,
  counters: [depotCounter(`depots${suffix}`), tagCounter(`tags${suffix}`)],
});

const depot = fc.constantFrom('Aachen', 'Bremen', 'Celle');
const step: fc.Arbitrary<ParcelStep> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ type: fc.constant('ParcelPosted' as const), data: fc.record({ depot }) }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('ParcelMoved' as const), data: fc.record({ depot }) }) },
  fc.record({ type: fc.constant('ParcelWeighed' as const), data: fc.record({ grams: fc.nat(3) }) }),
  fc.record({
    type: fc.constant('ParcelTagged' as const),
    data: fc.record({ tag: fc.constantFrom('fragile', 'express') }),
  }),
  fc.record({
    type: fc.constantFrom('ParcelScanned' as const, 'ParcelLost' as const, 'ParcelInvoiced' as const),
    data: fc.constant({}),
  }),
);

/** What may happen to a handful of parcels; now and then to something that is none. */
export const anyChange: fc.Arbitrary<ParcelChange> = fc.record({
  parcel: fc.constantFrom('parcel-1', 'parcel-2', 'parcel-3', 'letter-1'),
  step,
});

export const newEvent = ({ parcel, step: { type, data } }: ParcelChange, id: string, at = 0): NewEvent => ({
  id: deriveId(parcel, id),
  type,
  data,
  metadata: {
    recordedAt: new Date(at).toISOString(),
    occurredAt: new Date(at).toISOString(),
    actor: { id: 'service-sorter', kind: 'service' },
    via: { kind: 'system' },
    $correlationId: 'correlation-1',
    $causationId: 'cause-1',
    commandId: deriveId('command', id),
    schemaVersion: 1,
    hash: '0'.repeat(64),
  },
});

/** The changes as a log would hold them. */
export function recordedLog(changes: readonly ParcelChange[]): RecordedEvent[] {
  const revisions = new Map<string, number>();
  return changes.map((change, index) => {
    const revision = (revisions.get(change.parcel) ?? -1) + 1;
    revisions.set(change.parcel, revision);
    const position = formatPosition(index + 1, index + 1);
    return { ...newEvent(change, String(index)), stream: change.parcel, revision, position };
  });
}

/** Every document of a read model and of its counters. */
export type Model = { readonly documents: readonly Parcel[]; readonly counters: readonly (readonly CountDocument[])[] };

type Totals = Map<string, { labels: Contribution['labels']; counts: Map<string, number> }>;

function totalsOf(counter: Counter, documents: Iterable<Parcel>): Totals {
  const totals: Totals = new Map();
  for (const document of documents) {
    for (const { key, labels, counts } of counter.contributions(document)) {
      const total = totals.get(key) ?? { labels, counts: new Map<string, number>() };
      totals.set(key, total);
      for (const [name, n] of Object.entries(counts)) total.counts.set(name, (total.counts.get(name) ?? 0) + n);
    }
  }
  return totals;
}

/** A counter's documents, counted anew over all documents after every event. */
class PlainCounter {
  readonly documents = new Map<string, CountDocument>();
  private totals: Totals = new Map();

  constructor(private readonly counter: Counter) {}

  recount(documents: Iterable<Parcel>, position: string): void {
    const totals = totalsOf(this.counter, documents);
    for (const key of new Set([...this.totals.keys(), ...totals.keys()])) {
      const [before, after] = [this.totals.get(key), totals.get(key)];
      const changed = [...new Set([...(before?.counts.keys() ?? []), ...(after?.counts.keys() ?? [])])]
        .map((name) => [name, after?.counts.get(name) ?? 0] as const)
        .filter(([name, total]) => total !== (before?.counts.get(name) ?? 0));
      if (changed.length === 0) continue;
      const counts = { ...this.documents.get(key)?.counts, ...Object.fromEntries(changed) };
      const labels = (after ?? before)?.labels ?? {};
      this.documents.set(key, { _id: key, position, labels, counts });
    }
    this.totals = totals;
  }
}

const byId = <Doc extends ReadDocument>(documents: Iterable<Doc>): Doc[] =>
  [...documents].sort((a, b) => (a._id < b._id ? -1 : 1));

/** What a log amounts to: one event after the other, everything in memory, counters from scratch. */
export function plainFold(events: readonly RecordedEvent[]): Model {
  const projection = parcelProjection();
  const { counters = [] } = projection;
  const documents = new Map<string, Parcel>();
  const counted = counters.map((counter) => new PlainCounter(counter));
  for (const event of events) {
    const key = event.stream.startsWith('parcel-') ? projection.keyOf(event) : null;
    if (key === null) continue;
    const before = documents.get(key) ?? null;
    const after = projection.apply(before, event);
    if (after === before) continue;
    if (after) documents.set(key, { ...after, _id: key, position: event.position });
    else documents.delete(key);
    for (const counter of counted) counter.recount(documents.values(), event.position);
  }
  return {
    documents: byId(documents.values()),
    counters: counted.map((counter) => byId(counter.documents.values())),
  };
}

/** What a store holds of one version of the read model. */
export async function storedModel(store: ReadStore, version: number, projection = parcelProjection()): Promise<Model> {
  const all = <Doc extends ReadDocument>(name: string) =>
    store.find<Doc>(versionedName(name, version), { sort: [['_id', 1]] });
  return {
    documents: await all<Parcel>(projection.name),
    counters: await Promise.all((projection.counters ?? []).map(({ name }) => all<CountDocument>(name))),
  };
}
