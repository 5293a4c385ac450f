import { type EventStore, OutcomeUnknown, WrongExpectedRevision } from '@faultline/event-store';
import { deriveId, hashEvent, isSealed, ManualClock } from '@faultline/kernel';
import { altered, openStores, type Stores } from '../../../test/support/stores';
import { EventCodec } from './event-codec';
import { type Draft, type DraftEvent, EventWriter, noStream } from './event-writer';
import { logbookSchemas, mate, recorded } from './testing/logbook';

const now = Date.UTC(2026, 2, 1, 8);

const line = (text: string, more: Partial<DraftEvent> = {}): DraftEvent => ({
  event: { type: 'LineWritten', data: { text, number: 1 } },
  ...more,
});

const opened: DraftEvent = { event: { type: 'LogbookOpened', data: { title: 'Aurora', pages: 100 } } };

const draft = (more: Partial<Draft> = {}): Draft => ({
  stream: 'logbook-1',
  end: noStream,
  events: [opened],
  commandId: 'command-1',
  occurredAt: '2026-02-01T00:00:00.000Z',
  actor: mate,
  via: { kind: 'system' },
  correlationId: 'correlation-1',
  causationId: 'cause-1',
  subject: 'person-7',
  ...more,
});

describe('the event writer', () => {
  let stores: Stores;
  let writer: EventWriter;

  beforeEach(async () => {
    stores = await openStores();
    writer = writing(stores.events);
  });

  afterEach(() => stores.close());

  const patienceMs = 1_000;
  const writing = (store: EventStore, clock = new ManualClock(now)) =>
    new EventWriter({
      store,
      codec: new EventCodec(logbookSchemas, stores.keys),
      keys: stores.keys,
      clock,
      patienceMs,
    });
  const log = () => recorded(stores.events, 'logbook-1');

  it('answers what now stands in the log, and where it ends', async () => {
    const written = await writer.write(draft({ events: [opened, line('one')] }));
    const events = await log();
    expect(events).toMatchObject(written.events);
    expect(written.end).toEqual({ revision: 1, hash: events[1]!.metadata.hash });
    expect(written.position).toBe(events[1]!.position);
  });

  it('goes on at the end it is given', async () => {
    const first = await writer.write(draft());
    const second = await writer.write(draft({ end: first.end, events: [line('one')], commandId: 'command-2' }));
    expect(second.end.revision).toBe(1);
    const { id, type, data, metadata } = (await log())[1]!;
    const { hash, ...rest } = metadata;
    expect(hash).toBe(hashEvent(first.end.hash, { stream: 'logbook-1', revision: 1, id, type, data, metadata: rest }));
  });

  it('refuses an end that is not the stream’s', async () => {
    const first = await writer.write(draft());
    await writer.write(draft({ end: first.end, events: [line('one')], commandId: 'command-2' }));
    const late = writer.write(draft({ end: first.end, events: [line('two')], commandId: 'command-3' }));
    await expect(late).rejects.toThrow(WrongExpectedRevision);
    await expect(late).rejects.toMatchObject({ stream: 'logbook-1', expected: 0, actual: 1 });
  });

  it('lets an event have its own id, time, actor and way', async () => {
    const own = {
      id: '6c1f6f0a-6d1b-4b2f-8e8e-1f5f3c0f7a11',
      occurredAt: '2025-12-24T18:00:00.000Z',
      actor: { id: 'service-radar', kind: 'service' },
      via: { kind: 'import', id: 'i1', format: 'vinst', digest: 'd', line: 3, importer: 'person-1' },
    } as const;
    await writer.write(draft({ events: [opened, line('one', own)] }));
    const [first, second] = await log();
    expect(first).toMatchObject({
      id: deriveId('command-1', 0),
      metadata: { occurredAt: '2026-02-01T00:00:00.000Z', actor: mate, via: { kind: 'system' } },
    });
    const { id, ...envelope } = own;
    expect(second).toMatchObject({ id, metadata: envelope });
  });

  it('stamps all events of an append with one time of its clock, and each with its schema', async () => {
    await writer.write(draft({ events: [opened, line('one')] }));
    const metadata = (await log()).map((event) => event.metadata);
    expect(metadata.map(({ recordedAt }) => recordedAt)).toEqual(Array(2).fill(new Date(now).toISOString()));
    expect(metadata.map(({ schemaVersion }) => schemaVersion)).toEqual([2, 1]);
  });

  it('seals fields and reason under the key of the subject, in every event of the append', async () => {
    await writer.write(draft({ events: [opened, line('one')], reason: 'the fog' }));
    const [first, second] = await log();
    const sealed = [first!.metadata.reason, second!.metadata.reason, second!.data['text']];
    expect(sealed.map(isSealed)).toEqual([true, true, true]);
    const { id } = (await stores.keys.ensureKeys(['person-7'])).get('person-7')!;
    expect(sealed).toMatchObject([{ key: id }, { key: id }, { key: id }]);
  });

  it('writes a type that nobody declares neither at all nor in part', async () => {
    const unknown = draft({ events: [opened, { event: { type: 'Mutinied', data: {} } }] });
    await expect(writer.write(unknown)).rejects.toThrow('No context declares the event type Mutinied');
    expect(await stores.events.head()).toBeUndefined();
  });

  it('repeats the same append while its outcome is unknown, five times at most', async () => {
    const calls: unknown[][] = [];
    const append: EventStore['append'] = (...call) => {
      calls.push(call);
      return Promise.reject(new OutcomeUnknown('no answer'));
    };
    const lost = writing(altered(stores.events, { append })).write(draft({ events: [opened, line('one')] }));
    await expect(lost).rejects.toThrow(OutcomeUnknown);
    expect(calls).toHaveLength(5);
    expect(calls.every((call) => call[0] === 'logbook-1' && call[1] === 'no-stream' && call[2] === calls[0]![2])).toBe(
      true,
    );
  });

  it('repeats no append that took all the time there was to give no answer', async () => {
    const clock = new ManualClock(now);
    let calls = 0;
    const append: EventStore['append'] = () => {
      calls += 1;
      clock.advance(patienceMs / 2);
      return Promise.reject(new OutcomeUnknown('no answer'));
    };
    await expect(writing(altered(stores.events, { append }), clock).write(draft())).rejects.toThrow(OutcomeUnknown);
    expect(calls).toBe(2);
  });
});
