import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { ManualClock, toInstant } from './clock';
import { type RecordedEvent } from './events';
import { genesisHash, hashEvent, type HashedEvent } from './hash-chain';
import { deriveId, isUuid } from './ids';
import { canonicalJson, type Json, type JsonObject } from './json';
import { replaceFields } from './sealed';
import { upcast } from './upcast';

const json = fc.jsonValue({ noUnicodeString: false }).map((value) => JSON.parse(JSON.stringify(value)) as Json);

describe('canonical JSON', () => {
  test('is what RFC 8785 says, as another implementation writes it', () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(canonicalJson(value)).toBe(canonicalize(value));
      }),
      { numRuns: 1_000 },
    );
  });

  test('orders keys by code units, whatever the order in which they were set', () => {
    expect(canonicalJson({ '😀': 1, ﬀ: 2, b: 3, a: { d: undefined, c: [] } })).toBe(
      '{"a":{"c":[]},"b":3,"😀":1,"ﬀ":2}',
    );
  });
});

describe('the hash chain', () => {
  const event: HashedEvent = {
    stream: 'incident-1',
    revision: 0,
    id: '00000000-0000-4000-8000-000000000000',
    type: 'IncidentLogged',
    data: { title: { sealed: 'AAAA', key: 'k' }, impact: 1 },
    metadata: {
      recordedAt: '2026-01-01T00:00:00.000Z',
      occurredAt: '2026-01-01T00:00:00.000Z',
      actor: { id: 'a', kind: 'person' },
      via: { kind: 'system' },
      $correlationId: 'c',
      $causationId: 'c',
      commandId: 'c',
      schemaVersion: 1,
    },
  };

  test('has this hash for this event: a change of the way it is computed would break every log there is', () => {
    expect(hashEvent(genesisHash, event)).toBe('a728443e58d85fcef1ec1395c11d3af2f6317270f1e3170a8b49b73b02025385');
  });

  test('changes with whatever is changed, and with what came before', () => {
    const hash = hashEvent(genesisHash, event);
    const others: HashedEvent[] = [
      { ...event, stream: 'incident-2' },
      { ...event, revision: 1 },
      { ...event, id: '00000000-0000-4000-8000-000000000001' },
      { ...event, type: 'Resolved' },
      { ...event, data: { ...event.data, impact: 2 } },
      { ...event, metadata: { ...event.metadata, occurredAt: '2026-01-01T00:00:00.001Z' } },
      { ...event, metadata: { ...event.metadata, actor: { id: 'b', kind: 'person' } } },
    ];
    for (const other of others) expect(hashEvent(genesisHash, other)).not.toBe(hash);
    expect(hashEvent('1'.repeat(64), event)).not.toBe(hash);
    const reordered = { ...event, data: { impact: 1, title: { key: 'k', sealed: 'AAAA' } } };
    expect(hashEvent(genesisHash, reordered)).toBe(hash);
  });
});

describe('fields by path', () => {
  const mark = (value: Json): Json => `<${JSON.stringify(value)}>`;

  test('are replaced where the path leads, and nowhere else', () => {
    const data: JsonObject = { a: 'x', b: { c: 1, d: null }, list: [{ e: 2 }, { e: null }, 3], map: { one: { f: 4 } } };
    expect(replaceFields(data, ['a', 'b.c', 'b.d', 'list.*.e', 'map.*.f', 'none.at.all', 'a.b'], mark)).toEqual({
      a: expect.stringContaining('x'),
      b: { c: '<1>', d: null },
      list: [{ e: '<2>' }, { e: null }, 3],
      map: { one: { f: '<4>' } },
    });
    expect(data).toMatchObject({ a: 'x', b: { c: 1 } });
  });

  test('that lead nowhere change nothing', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom('a', 'b'), json), (data) => {
        expect(replaceFields(data, ['c', 'c.d', '*.no such member'], mark)).toEqual(data);
      }),
    );
  });
});

describe('upcasting', () => {
  const event = (schemaVersion: number, data: JsonObject) =>
    ({ type: 'Renamed', data, metadata: { schemaVersion } }) as unknown as RecordedEvent;
  const schemas = {
    Renamed: {
      version: 3,
      upcasters: {
        1: ({ title }: { title: string }) => ({ name: title }),
        2: ({ name }: { name: string }) => ({ name, language: 'en' }),
      },
    },
  };

  test('brings older data to the current version, step by step', () => {
    expect(upcast(event(1, { title: 'T' }), schemas).data).toEqual({ name: 'T', language: 'en' });
    expect(upcast(event(2, { name: 'N' }), schemas).data).toEqual({ name: 'N', language: 'en' });
  });

  test('leaves the current version, newer ones and unknown types alone', () => {
    for (const other of [event(3, { name: 'N' }), event(4, { new: true })]) expect(upcast(other, schemas)).toBe(other);
    expect(upcast({ ...event(1, {}), type: 'Other' }, schemas).data).toEqual({});
  });
});

describe('derived ids', () => {
  test('are the same for the same parts, for ever', () => {
    expect(deriveId('incident', 'INC0000001')).toBe('00c699ec-2b75-56e4-a9e1-376d2c7e42b5');
  });

  test('are UUIDs, and others for other parts, however those are cut', () => {
    const part = fc.oneof(fc.string(), fc.integer());
    fc.assert(
      fc.property(fc.array(part), fc.array(part), (a, b) => {
        expect(isUuid(deriveId(...a))).toBe(true);
        expect(deriveId(...a) === deriveId(...b)).toBe(JSON.stringify(a) === JSON.stringify(b));
      }),
    );
    expect(deriveId('ab', 'c')).not.toBe(deriveId('a', 'bc'));
    expect(deriveId(1)).not.toBe(deriveId('1'));
  });
});

describe('a clock that tests turn', () => {
  test('wakes who waits, in the order of their instants, and nobody too early', async () => {
    const clock = new ManualClock(0);
    const woken: number[] = [];
    const waits = [30, 10, 20].map((ms) => clock.wait(ms).then(() => woken.push(ms)));
    clock.advance(9);
    await Promise.resolve();
    expect({ woken, waiting: clock.waiting }).toEqual({ woken: [], waiting: 3 });
    clock.advance(21);
    await Promise.all(waits);
    expect({ woken, now: toInstant(clock.now()) }).toEqual({ woken: [10, 20, 30], now: '1970-01-01T00:00:00.030Z' });
  });

  test('lets go of who does not want to wait any more', async () => {
    const clock = new ManualClock(0);
    const patience = new AbortController();
    const wait = clock.wait(10, patience.signal);
    patience.abort();
    await wait;
    expect(clock.waiting).toBe(0);
    await clock.wait(10, patience.signal);
  });
});
