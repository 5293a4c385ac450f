import { type RecordedEvent } from '@faultline/kernel';
import { type ReadDocument } from '@faultline/read-store';
import { type Contribution, type CountDocument, type Counter } from './projection';

/** What one event changes in one counting document. */
export type Delta = {
  readonly key: string;
  readonly labels: Contribution['labels'];
  readonly counts: Readonly<Record<string, number>>;
  readonly position: string;
};

/** The differences that a document's step from `before` to `after` makes to a counter; none where it contributes the same. */
export function deltasOf(
  counter: Counter,
  step: { readonly before: ReadDocument | null; readonly after: ReadDocument | null; readonly event: RecordedEvent },
): Delta[] {
  const changes = new Map<string, { labels: Contribution['labels']; counts: Record<string, number> }>();
  const add = (contributions: readonly Contribution[], sign: 1 | -1) => {
    for (const { key, labels, counts } of contributions) {
      const change = changes.get(key) ?? { labels, counts: {} };
      for (const [name, amount] of Object.entries(counts)) {
        change.counts[name] = (change.counts[name] ?? 0) + sign * amount;
      }
      changes.set(key, change);
    }
  };
  if (step.before) add(counter.contributions(step.before), -1);
  if (step.after) add(counter.contributions(step.after), 1);
  return [...changes].flatMap(([key, { labels, counts }]) => {
    const changed = Object.entries(counts).filter(([, amount]) => amount !== 0);
    if (changed.length === 0) return [];
    return [{ key, labels, counts: Object.fromEntries(changed), position: step.event.position }];
  });
}

/** A counting document after a delta; the same object where it has counted that event already. */
export function applyDelta(document: CountDocument | undefined, delta: Delta): CountDocument {
  if (document && document.position >= delta.position) return document;
  const counts = { ...document?.counts };
  for (const [name, amount] of Object.entries(delta.counts)) counts[name] = (counts[name] ?? 0) + amount;
  const sorted = Object.fromEntries(Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1)));
  return { _id: delta.key, position: delta.position, labels: delta.labels, counts: sorted };
}
