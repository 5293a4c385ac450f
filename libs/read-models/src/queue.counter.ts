import { type Incident } from '@faultline/incidents';
import { type Counter } from '@faultline/projections';
import { type ReadDocument } from '@faultline/read-store';

/** What the counter reads of an incident's document. */
type Queued = ReadDocument &
  Pick<Incident, 'team' | 'tier' | 'state' | 'priority' | 'agent'> & { readonly open: boolean };

/** The labels of one count: open incidents that share team, tier, state and priority. */
export type QueueLabels = {
  readonly team: string | null;
  readonly tier: number | null;
  readonly state: string;
  readonly priority: number | null;
};

/** Open incidents by queue (team and tier), state and priority, and how many of them have no agent. */
export const queueCounter: Counter = {
  name: 'queues',
  indexes: [[['labels.team', 1]]],
  contributions: (document) => {
    const { open, team, tier, state, priority, agent } = document as Queued;
    if (!open) return [];
    const labels: QueueLabels = { team, tier, state, priority };
    return [{ key: JSON.stringify(labels), labels, counts: { open: 1, unassigned: agent === null ? 1 : 0 } }];
  },
};
