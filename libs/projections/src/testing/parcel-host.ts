import { type EventStore } from '@faultline/event-store';
import { ManualClock, type RecordedEvent } from '@faultline/kernel';
import { type ReadStore } from '@faultline/read-store';
import { type Stores } from '../../../../test/support/stores';
import { until } from '../../../../test/support/until';
import { type Projection } from '../projection';
import { ProjectionHost, type ProjectionServices, type ProjectionStatus } from '../projection-host';
import { newEvent, type ParcelChange, parcelProjection } from './parcels';

export { until };

/** A process with a host in it, and everything that it said. */
export class ParcelHost {
  readonly host: ProjectionHost;
  readonly troubles: { readonly error: unknown; readonly fatal: boolean }[] = [];
  readonly positions: string[] = [];

  constructor(
    stores: { readonly events: EventStore; readonly documents: ReadStore },
    more: Partial<ProjectionServices> & { readonly projections?: readonly Projection[] } = {},
  ) {
    const { projections = [parcelProjection()], ...services } = more;
    this.host = new ProjectionHost(projections, {
      events: stores.events,
      store: stores.documents,
      clock: new ManualClock(),
      open: (events) => Promise.resolve(events),
      owner: 'embedded',
      onPosition: (position) => this.positions.push(position),
      onTrouble: (trouble) => this.troubles.push(trouble),
      ...services,
    });
  }

  /** Resolves once every live model has reached the position, or rejects with what stopped the host. */
  reached(position: string): Promise<void> {
    return until(() => {
      if (this.host.failure !== undefined) throw this.host.failure;
      return this.host.position >= position;
    });
  }

  async status(): Promise<ProjectionStatus> {
    const [status] = await this.host.status();
    if (!status) throw new Error('The host has no projection');
    return status;
  }

  /** Resolves once no rebuild is running. */
  rebuilt(): Promise<void> {
    return until(async () => (await this.status()).rebuild === null);
  }
}

/** Appends to the log, each change by itself; knows where each stream ends. */
export class Sorter {
  private readonly revisions = new Map<string, number>();
  private count = 0;

  constructor(
    private readonly stores: Pick<Stores, 'events'>,
    private readonly now: () => number = () => 0,
  ) {}

  /** The position of the last of them. */
  async append(changes: readonly ParcelChange[]): Promise<string> {
    let end = '';
    for (const change of changes) {
      const revision = (this.revisions.get(change.parcel) ?? -1) + 1;
      this.count += 1;
      const event = newEvent(change, String(this.count), this.now());
      const expected = revision === 0 ? 'no-stream' : revision - 1;
      end = (await this.stores.events.append(change.parcel, expected, [event])).position;
      this.revisions.set(change.parcel, revision);
    }
    return end;
  }

  async log(): Promise<RecordedEvent[]> {
    const events = [];
    for await (const event of this.stores.events.readAll()) events.push(event);
    return events;
  }
}

/** Whether a collection exists: a write into one that does not is refused. */
export async function hasCollection(store: ReadStore, name: string): Promise<boolean> {
  try {
    await store.write(name, [{ kind: 'delete', id: 'nobody', position: '' }]);
    return true;
  } catch (error) {
    if ((error as Error).name === 'UnknownCollection') return false;
    throw error;
  }
}
