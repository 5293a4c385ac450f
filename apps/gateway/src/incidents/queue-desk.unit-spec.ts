import { type CommandEnvelope, CommandRuntime, EventCodec } from '@faultline/commands';
import { type EventStore } from '@faultline/event-store';
import { formatNumber, incidentIdOf, incidentStream } from '@faultline/incidents';
import { deriveId, ManualClock, StoreUnavailable } from '@faultline/kernel';
import { incidentDocument, incidentProjection } from '@faultline/read-models';
import { eventSchemas } from '@faultline/read-side';
import { versionedName } from '@faultline/read-store';
import { facts } from '../../../../test/support/incident-specification';
import { altered, openStores, type Stores } from '../../../../test/support/stores';
import { incidentAggregate } from './aggregates';
import { Claims } from './claims';
import { type IncidentFactsSource } from './incident-facts';
import { QueueDesk } from './queue-desk';

const now = Date.UTC(2026, 2, 2);
const collection = versionedName(incidentProjection.name, 1);

const envelope = (name: string, person = 'agent'): CommandEnvelope => ({
  commandId: deriveId('test', name),
  actor: { id: person, kind: 'person' },
  via: { kind: 'system' },
  correlationId: name,
});

/** As of a request under an Idempotency-Key. */
const keyed = (name: string): CommandEnvelope => ({ ...envelope(name), commandDigest: 'digest' });

describe('a queue that several processes hand out', () => {
  let stores: Stores;

  beforeEach(async () => {
    stores = await openStores();
    await stores.documents.ensureCollection({ name: collection, indexes: incidentProjection.indexes });
  });

  afterEach(() => stores.close());

  const runtimeOn = (store: EventStore) => {
    const codec = new EventCodec(eventSchemas, stores.keys);
    return new CommandRuntime({ store, codec, keys: stores.keys, clock: new ManualClock(now) });
  };

  /** A process of its own: it knows what others did only from the log. */
  const desk = (store: EventStore = stores.events): QueueDesk => {
    const runtime = runtimeOn(store);
    const source = { facts } as IncidentFactsSource;
    return new QueueDesk(runtime, source, new Claims(runtime, stores.keys), stores.documents);
  };

  /** Logs so many incidents into the queue; the read model shows them, and nothing that happens to them later. */
  async function queued(count: number): Promise<string[]> {
    const runtime = runtimeOn(stores.events);
    const numbers = Array.from({ length: count }, (_, index) => formatNumber(index + 1));
    for (const [index, number] of numbers.entries()) {
      const occurredAt = new Date(now - (count - index) * 1_000).toISOString();
      const id = incidentIdOf(number);
      const command = { type: 'LogIncident', number, title: 'It does not work', team: 'desk' } as const;
      const request = { command, envelope: { ...envelope(number), occurredAt }, facts };
      const { state, revision, position } = await runtime.execute(incidentAggregate, incidentStream(id), request);
      const document = incidentDocument(state, { _id: id, revision, position });
      await stores.documents.write(collection, [{ kind: 'put', document }]);
    }
    return numbers;
  }

  test('gives twenty incidents to twenty callers at four processes, each to one', async () => {
    const numbers = await queued(20);
    const desks = [desk(), desk(), desk(), desk()];
    const calls = desks.flatMap((one, process) =>
      Array.from({ length: 5 }, (_, call) => one.next('desk', envelope(`call ${call} at ${process}`))),
    );
    const handed = await Promise.all(calls);
    expect(handed.map((answer) => answer?.number).sort()).toEqual(numbers);
    expect(await desk().next('desk', envelope('one more'))).toBeUndefined();
  });

  /** A process that dies once its claim is in the log, before the incident is assigned. */
  const dying = (): QueueDesk =>
    desk(
      altered(stores.events, {
        append: (stream, ...rest) => {
          if (stream.startsWith('incident-')) return Promise.reject(new StoreUnavailable('Killed'));
          return stores.events.append(stream, ...rest);
        },
      }),
    );

  test('a request that was cut short gets, on another process, the incident that it had named', async () => {
    await queued(2);
    await expect(dying().next('desk', keyed('cut short'))).rejects.toThrow(StoreUnavailable);
    const answer = await desk().next('desk', keyed('cut short'));
    expect(answer?.number).toBe(formatNumber(1));
    expect(await desk().next('desk', keyed('cut short'))).toEqual(answer);
  });

  test('or another one, where somebody else took that meanwhile; and then that for good', async () => {
    await queued(3);
    await expect(dying().next('desk', keyed('cut short'))).rejects.toThrow(StoreUnavailable);
    expect((await desk().next('desk', envelope('quicker', 'bo')))?.number).toBe(formatNumber(1));
    const answer = await desk().next('desk', keyed('cut short'));
    expect(answer?.number).toBe(formatNumber(2));
    expect(await desk().next('desk', keyed('cut short'))).toEqual(answer);
  });
});
