import { type EventStore } from '@faultline/event-store';
import { genesisHash, hashEvent, isSealed, ManualClock, type RecordedEvent, StoreUnavailable } from '@faultline/kernel';
import { altered, openStores, type Stores } from '../../../test/support/stores';
import { foreignEvent, LogbookDesk, mate, recorded } from './testing/logbook';

const start = Date.UTC(2026, 2, 1, 8);
const at = (milliseconds: number) => new Date(start + milliseconds).toISOString();

describe('the command runtime', () => {
  let stores: Stores;
  let clock: ManualClock;
  let desk: LogbookDesk;

  beforeEach(async () => {
    stores = await openStores();
    clock = new ManualClock(start);
    desk = new LogbookDesk(stores.events, stores.keys, clock);
  });

  afterEach(() => stores.close());

  const log = (stream: string): Promise<RecordedEvent[]> => recorded(stores.events, stream);

  /** A process that has folded nothing yet. */
  const another = (store: EventStore = stores.events) => new LogbookDesk(store, stores.keys, clock);

  describe('reads, folds, decides and appends', () => {
    it('begins a stream at revision 0', async () => {
      const outcome = await desk.open('logbook-1');
      const [event] = await log('logbook-1');
      expect(event).toMatchObject({ type: 'LogbookOpened', data: { title: 'Aurora', pages: 100 }, revision: 0 });
      expect(outcome).toEqual({
        stream: 'logbook-1',
        revision: 0,
        position: event!.position,
        state: { state: 'open', lines: [] },
        repeated: false,
      });
    });

    it('decides on the state that the stream has, whoever wrote it', async () => {
      await desk.open('logbook-1');
      await another().execute('logbook-1', { type: 'CloseLogbook' });
      await expect(desk.write('logbook-1', ['too late'])).rejects.toMatchObject({
        kind: 'conflict',
        code: 'logbook.not-open',
      });
      expect(await log('logbook-1')).toHaveLength(2);
    });

    it('appends all events of a command at once, the answer naming the last', async () => {
      await desk.open('logbook-1');
      const outcome = await desk.write('logbook-1', ['cast off', 'set sail', 'rough sea']);
      const events = await log('logbook-1');
      expect(events.map(({ revision }) => revision)).toEqual([0, 1, 2, 3]);
      expect(outcome).toMatchObject({ revision: 3, position: events[3]!.position });
      expect(outcome.state.lines.map(({ text }) => text)).toEqual(['cast off', 'set sail', 'rough sea']);
    });

    it('hands the facts to the decision', async () => {
      await desk.open('logbook-1');
      await desk.write('logbook-1', ['one', 'two'], { lines: 2 });
      await expect(desk.write('logbook-1', ['three'], { lines: 2 })).rejects.toMatchObject({ code: 'logbook.full' });
    });

    it('hands the time of the attempt to the decision, beside the business time', async () => {
      await desk.open('logbook-1', { occurredAt: at(-10_000) });
      clock.advance(5_000);
      await desk.execute('logbook-1', { type: 'CloseLogbook' }, { occurredAt: at(1_000) });
      const closed = (await log('logbook-1'))[1]!;
      expect(closed.data).toEqual({ at: at(5_000) });
      expect(closed.metadata).toMatchObject({ occurredAt: at(1_000), recordedAt: at(5_000) });
    });

    it('answers the revision that is, where a command has nothing left to do', async () => {
      const opened = await desk.open('logbook-1');
      const again = await desk.open('logbook-1');
      expect(again).toEqual(opened);
      expect(await log('logbook-1')).toHaveLength(1);
    });

    it('answers revision -1 for a command that leaves an absent stream absent', async () => {
      const outcome = await desk.execute('logbook-1', { type: 'CloseLogbook' });
      expect(outcome).toMatchObject({ revision: -1, position: '', state: { state: 'absent' }, repeated: false });
      expect(await stores.events.head()).toBeUndefined();
    });

    it('answers the state that a fold of the log gives, reason and times included', async () => {
      await desk.open('logbook-1');
      const outcome = await desk.write('logbook-1', ['one', 'two'], { reason: 'so the mate says' });
      expect(outcome.state.lines[0]).toEqual({ text: 'one', number: 1, at: at(0), reason: 'so the mate says' });
      expect(outcome.state).toEqual((await another().load('logbook-1')).state);
    });

    it('keeps streams apart', async () => {
      await desk.open('logbook-1');
      await expect(desk.write('logbook-2', ['one'])).rejects.toMatchObject({ code: 'logbook.not-open' });
    });
  });

  describe('writes a complete envelope', () => {
    const commandId = 'b1c5bf5e-52c7-4d0e-9d54-0a1c1b9d3c11';

    it('with everything that a command says of itself', async () => {
      const via = { kind: 'import', id: 'i1', format: 'vinst', digest: 'd', line: 7, importer: 'person-7' } as const;
      await desk.open('logbook-1', {
        commandId,
        commandDigest: 'digest-1',
        actor: { id: 'service-radar', kind: 'service' },
        onBehalfOf: 'person-captain',
        via,
        reason: 'a fresh start',
        correlationId: 'correlation-9',
        causationId: 'cause-9',
        occurredAt: at(-60_000),
      });
      const [{ metadata }] = (await log('logbook-1')) as [RecordedEvent];
      expect(metadata).toEqual({
        recordedAt: at(0),
        occurredAt: at(-60_000),
        actor: { id: 'service-radar', kind: 'service' },
        onBehalfOf: 'person-captain',
        via,
        reason: { sealed: expect.any(String), key: expect.any(String) },
        $correlationId: 'correlation-9',
        $causationId: 'cause-9',
        commandId,
        commandDigest: 'digest-1',
        schemaVersion: 2,
        hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      });
    });

    it('with defaults, and without the members that a command lacks', async () => {
      await desk.open('logbook-1', { commandId });
      const [{ metadata }] = (await log('logbook-1')) as [RecordedEvent];
      expect(metadata).toEqual({
        recordedAt: at(0),
        occurredAt: at(0),
        actor: mate,
        via: { kind: 'api-key', id: 'key-1' },
        $correlationId: 'correlation-1',
        $causationId: commandId,
        commandId,
        schemaVersion: 2,
        hash: metadata.hash,
      });
    });

    it('with ids that derive from the command and the place in it', async () => {
      await desk.open('logbook-1');
      await desk.open('logbook-2');
      await desk.write('logbook-1', ['one', 'two'], { commandId });
      const [, one, two] = await log('logbook-1');
      expect(one!.id).not.toBe(two!.id);
      const other = await openStores();
      try {
        const elsewhere = new LogbookDesk(other.events, other.keys, clock);
        await elsewhere.open('logbook-5');
        await elsewhere.write('logbook-5', ['other words', 'entirely'], { commandId });
        const [, first, second] = await recorded(other.events, 'logbook-5');
        expect([first!.id, second!.id]).toEqual([one!.id, two!.id]);
      } finally {
        await other.close();
      }
    });

    it('with a chain of hashes from genesis on, over what the log holds, across processes', async () => {
      await desk.open('logbook-1', { reason: 'a start' });
      await another().write('logbook-1', ['one', 'two'], { reason: 'a storm' });
      await desk.execute('logbook-1', { type: 'CloseLogbook' });
      const events = await log('logbook-1');
      expect(events).toHaveLength(4);
      let previous = genesisHash;
      for (const { stream, revision, id, type, data, metadata } of events) {
        const { hash, ...rest } = metadata;
        previous = hashEvent(previous, { stream, revision, id, type, data, metadata: rest });
        expect(hash).toBe(previous);
      }
    });
  });

  describe('seals what is personal', () => {
    const words = 'the captain has a cold';
    const why = 'the cook told me so';

    beforeEach(async () => {
      await desk.open('logbook-1');
      await desk.write('logbook-1', [words], { reason: why });
    });

    it('so that neither field nor reason stands in the log', async () => {
      const event = (await log('logbook-1'))[1]!;
      expect(isSealed(event.data['text'])).toBe(true);
      expect(event.data['number']).toBe(1);
      expect(isSealed(event.metadata.reason)).toBe(true);
      const text = JSON.stringify(event);
      expect(text).not.toContain(words);
      expect(text).not.toContain(why);
    });

    it('and opens it on the way out', async () => {
      const event = desk.codec.open((await log('logbook-1'))[1]!);
      expect(event.data).toEqual({ text: words, number: 1 });
      expect(event.metadata.reason).toBe(why);
      expect((await another().load('logbook-1')).state.lines).toEqual([
        { text: words, number: 1, at: at(0), reason: why },
      ]);
    });

    it('under the key of the subject alone', async () => {
      await desk.write('logbook-1', ['by the cook'], { actor: { id: 'person-cook', kind: 'person' } });
      await stores.keys.destroyKeys('person-cook');
      const texts = (await log('logbook-1')).map((event) => desk.codec.open(event).data['text']);
      expect(texts.slice(1)).toEqual([words, null]);
    });

    it('for ever: null once the keys are destroyed, while the chain still verifies and the stream goes on', async () => {
      await stores.keys.destroyKeys(mate.id);
      const stored = await log('logbook-1');
      const opened = desk.codec.open(stored[1]!);
      expect(opened.data).toEqual({ text: null, number: 1 });
      expect(opened.metadata.reason).toBeNull();
      const next = another();
      await next.write('logbook-1', ['a new line']);
      expect((await next.load('logbook-1')).state.lines.map(({ text }) => text)).toEqual([null, 'a new line']);
      expect((await log('logbook-1')).slice(0, 2)).toEqual(stored);
    });

    it('and asks for no key where nothing is personal', async () => {
      const ensureKeys = jest.fn(stores.keys.ensureKeys.bind(stores.keys));
      const watched = new LogbookDesk(stores.events, altered(stores.keys, { ensureKeys }), clock);
      await watched.open('logbook-2');
      expect(ensureKeys).not.toHaveBeenCalled();
      await watched.write('logbook-2', ['one']);
      expect(ensureKeys).toHaveBeenCalledWith([mate.id]);
    });

    it('before it appends: keys are durable first', async () => {
      const order: string[] = [];
      const keys = altered(stores.keys, {
        ensureKeys: async (subjects: readonly string[]) => {
          const made = await stores.keys.ensureKeys(subjects);
          order.push('keys');
          return made;
        },
      });
      const append: EventStore['append'] = (...call) => {
        order.push('append');
        return stores.events.append(...call);
      };
      await new LogbookDesk(altered(stores.events, { append }), keys, clock).write('logbook-1', ['one']);
      expect(order).toEqual(['keys', 'append']);
    });
  });

  describe('lets business time never run backwards in a stream', () => {
    it('when a command names an earlier time', async () => {
      await desk.open('logbook-1', { occurredAt: at(0) });
      await desk.write('logbook-1', ['one'], { occurredAt: at(-1_000) });
      await desk.write('logbook-1', ['two'], { occurredAt: at(0) });
      const times = (await log('logbook-1')).map(({ metadata }) => metadata.occurredAt);
      expect(times).toEqual([at(0), at(0), at(0)]);
    });

    it('when the clock of this machine is behind', async () => {
      const ahead = new LogbookDesk(stores.events, stores.keys, new ManualClock(start + 90_000));
      await ahead.open('logbook-1');
      await desk.write('logbook-1', ['one']);
      const { metadata } = (await log('logbook-1'))[1]!;
      expect(metadata).toMatchObject({ occurredAt: at(90_000), recordedAt: at(0) });
    });

    it('while another stream may be earlier', async () => {
      await desk.open('logbook-1', { occurredAt: at(0) });
      await desk.open('logbook-2', { occurredAt: at(-1_000) });
      expect((await log('logbook-2'))[0]!.metadata.occurredAt).toBe(at(-1_000));
    });
  });

  describe('checks the revision that the caller has seen', () => {
    beforeEach(async () => {
      await desk.open('logbook-1');
      await desk.write('logbook-1', ['one']);
    });

    it('and goes on where it is the last', async () => {
      await expect(desk.write('logbook-1', ['two'], { expectedRevision: 1 })).resolves.toMatchObject({ revision: 2 });
    });

    it.each([0, 2, -1])('and refuses %i', async (expectedRevision) => {
      await expect(desk.write('logbook-1', ['two'], { expectedRevision })).rejects.toMatchObject({
        kind: 'conflict',
        code: 'revision.stale',
        fields: { expectedRevision, actualRevision: 1 },
      });
      expect(await log('logbook-1')).toHaveLength(2);
    });

    it('before any rule of the domain speaks', async () => {
      await expect(desk.write('logbook-1', ['two'], { expectedRevision: 0, lines: 1 })).rejects.toMatchObject({
        code: 'revision.stale',
      });
    });
  });

  describe('remembers what it has folded', () => {
    const watching = () => {
      const reads: (number | undefined)[] = [];
      const readStream: EventStore['readStream'] = (stream, options) => {
        reads.push(options?.from);
        return stores.events.readStream(stream, options);
      };
      return { reads, desk: another(altered(stores.events, { readStream })) };
    };

    it('and reads only what is newer', async () => {
      const { reads, desk: watched } = watching();
      await watched.open('logbook-1');
      await watched.write('logbook-1', ['one', 'two']);
      await desk.write('logbook-1', ['three']);
      await watched.load('logbook-1');
      await watched.load('logbook-1');
      expect(reads).toEqual([0, 1, 3, 4]);
    });

    it('until an error: then the log is asked anew', async () => {
      const { reads, desk: watched } = watching();
      await watched.open('logbook-1');
      await expect(watched.write('logbook-1', ['one'], { lines: 0 })).rejects.toMatchObject({ code: 'logbook.full' });
      await watched.write('logbook-1', ['one']);
      expect(reads).toEqual([0, 1, 0]);
    });
  });

  it('reports a store that is away, and goes on when it is back', async () => {
    let away = true;
    const append: EventStore['append'] = (...call) =>
      away ? Promise.reject(new StoreUnavailable('disk full')) : stores.events.append(...call);
    const watched = another(altered(stores.events, { append }));
    await expect(watched.open('logbook-1')).rejects.toThrow(StoreUnavailable);
    away = false;
    await expect(watched.open('logbook-1')).resolves.toMatchObject({ revision: 0 });
  });

  it('knows who began a stream', async () => {
    await expect(desk.runtime.actorOfFirst('logbook-1')).resolves.toBeUndefined();
    await desk.open('logbook-1', { actor: { id: 'person-captain', kind: 'person' } });
    await desk.write('logbook-1', ['one']);
    await expect(desk.runtime.actorOfFirst('logbook-1')).resolves.toBe('person-captain');
  });

  it('reads events of an older schema as the current one', async () => {
    const old = foreignEvent('LogbookOpened', { title: 'Borealis' });
    await stores.events.append('logbook-1', 'no-stream', [old]);
    expect(desk.codec.open((await log('logbook-1'))[0]!).data).toEqual({ title: 'Borealis', pages: 100 });
    await expect(desk.write('logbook-1', ['one'])).resolves.toMatchObject({ revision: 1 });
  });
});
