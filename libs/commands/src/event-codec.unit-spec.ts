import { type EventSchemas, isSealed, type JsonObject, type RecordedEvent } from '@faultline/kernel';
import { type DataKey } from '@faultline/key-store';
import { distantKeys, openStores, type Stores } from '../../../test/support/stores';
import { EventCodec, sealedKeyIds } from './event-codec';
import { foreignEvent } from './testing/logbook';

const schemas: EventSchemas = {
  CrewMustered: { version: 1, personal: ['captain', 'hands.*.name', 'notes.*'] },
  CourseSet: {
    version: 3,
    personal: ['orders.text'],
    upcasters: {
      1: ({ text }: { text: string }) => ({ order: text }),
      2: ({ order }: { order: string }) => ({ orders: { text: order } }),
    },
  },
  AnchorWeighed: { version: 1 },
};

describe('the event codec', () => {
  let stores: Stores;
  let codec: EventCodec;
  let key: DataKey;

  beforeAll(async () => {
    stores = await openStores();
    codec = new EventCodec(schemas, stores.keys);
    key = (await stores.keys.ensureKeys(['person-1'])).get('person-1')!;
  });

  afterAll(() => stores.close());

  const event = (type: string, data: JsonObject, more: Partial<RecordedEvent['metadata']> = {}): RecordedEvent => ({
    ...foreignEvent(type, data, more),
    stream: 'ship-1',
    revision: 0,
    position: '0000000000000001-0000000000000001',
  });

  const crew = {
    captain: 'Ada',
    hands: [
      { name: 'Bo', rank: 3 },
      { name: { first: 'Cy' }, rank: 4 },
      { name: null, rank: 5 },
    ],
    notes: { morning: 'fog', noon: 12 },
    ship: 'Aurora',
  };

  it('knows the version of each type, and refuses a type that nobody declares', () => {
    expect(codec.version('CourseSet')).toBe(3);
    expect(() => codec.version('Mutinied')).toThrow('No context declares the event type Mutinied');
  });

  it('seals every personal field, each value by itself, and nothing else', () => {
    const sealed = codec.seal('CrewMustered', crew, key) as unknown as typeof crew;
    const hidden = [sealed.captain, sealed.hands[0]!.name, sealed.hands[1]!.name, sealed.notes.morning];
    expect([...hidden, sealed.notes.noon].map(isSealed)).toEqual([true, true, true, true, true]);
    expect(sealed.hands.map(({ rank }) => rank)).toEqual([3, 4, 5]);
    expect(sealed.hands[2]!.name).toBeNull();
    expect(sealed.ship).toBe('Aurora');
    // In quotes: base64 may spell any short word by chance.
    expect(JSON.stringify(sealed)).not.toMatch(/"(Ada|Bo|Cy|fog)"/);
  });

  it('opens what it has sealed, whatever JSON it was', () => {
    const sealed = codec.seal('CrewMustered', crew, key);
    expect(codec.open(event('CrewMustered', sealed)).data).toEqual(crew);
  });

  it('leaves alone what holds nothing personal', () => {
    const weighed = event('AnchorWeighed', { depth: 12 });
    expect(codec.open(weighed)).toBe(weighed);
    expect(codec.seal('AnchorWeighed', weighed.data, key)).toEqual({ depth: 12 });
    const bare = event('CrewMustered', { ship: 'Aurora' });
    expect(codec.open(bare)).toBe(bare);
  });

  it.each<[string, JsonObject, boolean]>([
    ['CrewMustered', { captain: 'Ada' }, true],
    ['CrewMustered', { hands: [{ rank: 1 }, { name: 'Bo' }] }, true],
    ['CrewMustered', { captain: null, hands: [], notes: {} }, false],
    ['CrewMustered', { ship: 'Aurora' }, false],
    ['AnchorWeighed', { captain: 'Ada' }, false],
  ])('%s with %j holds personal data: %s', (type, data, holds) => {
    expect(codec.hasPersonalData(type, data)).toBe(holds);
  });

  it('brings older versions up to date before it opens them', () => {
    const ciphertext = codec.seal('CourseSet', { orders: { text: 'north' } }, key)['orders'] as { text: JsonObject };
    const first = event('CourseSet', { text: ciphertext.text }, { schemaVersion: 1 });
    const second = event('CourseSet', { order: ciphertext.text }, { schemaVersion: 2 });
    expect(codec.open(first).data).toEqual({ orders: { text: 'north' } });
    expect(codec.open(second).data).toEqual({ orders: { text: 'north' } });
  });

  it('opens the reason, also of events without personal fields', () => {
    const { captain: reason } = codec.seal('CrewMustered', { captain: 'we had to' }, key) as {
      captain: RecordedEvent['metadata']['reason'];
    };
    const { metadata } = codec.open(event('AnchorWeighed', { depth: 12 }, { reason }));
    expect(metadata.reason).toBe('we had to');
  });

  it('hands on an event of a type it does not know', () => {
    const unknown = event('Mutinied', { by: 'all' });
    expect(codec.open(unknown)).toBe(unknown);
  });

  it('gives null for what was sealed under a key that is gone, and the rest in clear text', async () => {
    const gone = (await stores.keys.ensureKeys(['person-2'])).get('person-2')!;
    const { captain } = codec.seal('CrewMustered', { captain: 'Dee' }, gone) as { captain: JsonObject };
    const { notes } = codec.seal('CrewMustered', { notes: { noon: 'calm' } }, key) as { notes: JsonObject };
    const mixed = event('CrewMustered', { captain, notes, ship: 'Aurora' }, { reason: captain as never });
    expect(codec.open(mixed).data['captain']).toBe('Dee');
    await stores.keys.destroyKeys('person-2');
    const opened = codec.open(mixed);
    expect(opened.data).toEqual({ captain: null, notes: { noon: 'calm' }, ship: 'Aurora' });
    expect(opened.metadata.reason).toBeNull();
  });

  describe('where other processes make keys', () => {
    let sealed: RecordedEvent[];

    beforeAll(async () => {
      const other = (await stores.keys.ensureKeys(['person-3'])).get('person-3')!;
      const { captain: reason } = codec.seal('CrewMustered', { captain: 'why' }, other);
      sealed = [
        event('CrewMustered', codec.seal('CrewMustered', crew, key)),
        event('AnchorWeighed', { depth: 12 }, { reason: reason as never }),
        event('AnchorWeighed', { depth: 13 }),
      ];
      expect(new Set(sealedKeyIds(sealed))).toEqual(new Set([key.id, other.id]));
      expect(sealedKeyIds(sealed)).toHaveLength(2);
    });

    const clear = [{ data: crew }, { data: { depth: 12 }, metadata: { reason: 'why' } }, { data: { depth: 13 } }];

    it('prepares the keys of a batch at once, before it opens it', async () => {
      const { keys, prepared } = distantKeys(stores.keys);
      expect(await new EventCodec(schemas, keys).openAll(sealed)).toMatchObject(clear);
      expect(prepared).toEqual([sealedKeyIds(sealed)]);
    });

    it('asks for no key where nothing is sealed', async () => {
      const { keys, prepared } = distantKeys(stores.keys);
      expect(await new EventCodec(schemas, keys).openAll(sealed.slice(2))).toEqual(sealed.slice(2));
      expect(prepared).toEqual([]);
    });

    it('opens a sequence in order, some events at a time', async () => {
      const { keys, prepared } = distantKeys(stores.keys);
      const many = Array.from({ length: 600 }, (_, revision) => ({ ...sealed[revision % 3]!, revision }));
      const opened: RecordedEvent[] = [];
      const sequence = (async function* () {
        yield* many;
      })();
      for await (const one of new EventCodec(schemas, keys).openEach(sequence)) opened.push(one);
      expect(opened.map(({ revision }) => revision)).toEqual(many.map(({ revision }) => revision));
      expect(opened.at(-3)).toMatchObject(clear[0]!);
      expect(prepared.length).toBeLessThan(10);
    });
  });

  it('does not pass off a changed ciphertext as data', () => {
    const { captain } = codec.seal('CrewMustered', { captain: 'Ada' }, key) as {
      captain: { sealed: string; key: string };
    };
    const bytes = Buffer.from(captain.sealed, 'base64');
    bytes[bytes.length - 1]! ^= 1;
    const changed = { ...captain, sealed: bytes.toString('base64') };
    expect(() => codec.open(event('CrewMustered', { captain: changed }))).toThrow('does not open');
  });
});
