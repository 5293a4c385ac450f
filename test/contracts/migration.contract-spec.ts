import { Readable } from 'node:stream';
import { type BlobStore, openFileBlobStore } from '@faultline/blob-store';
import {
  type EventStore,
  openEventStoreDbEventStore,
  openLmdbEventStore,
  OutcomeUnknown,
  WrongExpectedRevision,
} from '@faultline/event-store';
import { type KeyStore, openFileKeyStore, sealField } from '@faultline/key-store';
import { type Clock, genesisHash, hashEvent, type NewEvent, type RecordedEvent } from '@faultline/kernel';
import { type History, migrate, verifyMigration } from '@faultline/migration';
import { startEventStoreDbServer } from '../support/eventstoredb-server';
import { altered } from '../support/stores';
import { temporaryDirectory } from '../support/temporary';
import { all, eventOf } from './event-store.contract';

/** Nobody waits here for the sake of a pause. */
const clock: Clock = { now: () => 0, wait: () => Promise.resolve() };
const options = { clock };

/** Writes events whose hashes are those of their streams' chains. */
class Scribe {
  private readonly ends = new Map<string, { revision: number; hash: string }>();

  constructor(private readonly events: EventStore) {}

  async write(stream: string, ...contents: NewEvent['data'][]): Promise<void> {
    const before = this.ends.get(stream) ?? { revision: -1, hash: genesisHash };
    let end = before;
    const events = contents.map((data) => {
      const event = eventOf(data);
      const { hash: _none, ...metadata } = event.metadata;
      const revision = end.revision + 1;
      const hash = hashEvent(end.hash, { ...event, stream, revision, metadata });
      end = { revision, hash };
      return { ...event, metadata: { ...metadata, hash } };
    });
    this.ends.set(stream, end);
    await this.events.append(stream, before.revision < 0 ? 'no-stream' : before.revision, events);
  }
}

const withoutPosition = ({ position: _position, ...event }: RecordedEvent) => event;
const contentOf = async (events: EventStore) => (await all(events.readAll())).map(withoutPosition);

describe('a migration', () => {
  const ending: (() => Promise<unknown>)[] = [];
  let source: History;
  let scribe: Scribe;

  const keep = <Store extends { close(): Promise<void> }>(store: Store): Store => {
    ending.push(() => store.close());
    return store;
  };

  const embedded = async (): Promise<History> => {
    const { path: directory, remove } = await temporaryDirectory();
    ending.push(remove);
    const events = keep(await openLmdbEventStore({ directory }));
    const keys: KeyStore = keep(await openFileKeyStore({ directory }));
    return { events, keys, blobs: keep(await openFileBlobStore({ directory })) };
  };

  const onServer = async (): Promise<History> => {
    const server = await startEventStoreDbServer();
    ending.push(() => server.stop());
    const events = keep(await openEventStoreDbEventStore({ url: server.connectionString }));
    return { ...(await embedded()), events };
  };

  beforeEach(async () => {
    source = await embedded();
    scribe = new Scribe(source.events);
    const ann = (await source.keys.ensureKeys(['ann', 'bo'])).get('ann')!;
    await source.keys.destroyKeys('bo');
    await scribe.write('team-1', { name: 'Desk' });
    await scribe.write('incident-1', { title: sealField('The VPN does not connect', ann) }, { n: 1 });
    await scribe.write('incident-2', { n: 0, text: 'Grüße \u2028', nested: { b: 1.5, a: [null, true] } });
    await scribe.write('incident-1', { n: 2 });
    await scribe.write('team-1', { n: 1 });
    await source.blobs.put('attachment-1', Readable.from([Buffer.alloc(300_000, 'x')]));
  });

  afterEach(async () => {
    for (const end of ending.splice(0).reverse()) await end();
  });

  const blobsOf = (blobs: BlobStore) => all(blobs.list());

  const nothingIn = async (target: History) => {
    expect(await blobsOf(target.blobs)).toEqual([]);
    expect(await all(target.keys.exportKeys())).toHaveLength(1);
  };

  it.each([
    ['EventStoreDB', onServer],
    ['embedded stores', embedded],
  ])('copies a history to %s and back, the same in everything but its positions', async (_name, open) => {
    const target = await open();
    const report = await migrate(source, target, options);
    expect(report).toMatchObject({
      log: { events: 6, streams: 3, digest: expect.stringMatching(/^[0-9a-f]{64}$/) },
      copied: { events: 6, blobs: 1 },
      keys: { all: 2, destroyed: 1, unknown: 0 },
      blobs: { all: 1, bytes: 300_000 },
      goesOn: false,
    });
    const original = await contentOf(source.events);
    expect(await contentOf(target.events)).toEqual(original);
    expect(await all(target.keys.exportKeys())).toEqual(await all(source.keys.exportKeys()));
    expect(await blobsOf(target.blobs)).toEqual(await blobsOf(source.blobs));
    const back = await embedded();
    expect((await migrate(target, back, options)).log).toEqual(report.log);
    expect(await contentOf(back.events)).toEqual(original);
  });

  it('goes on where an earlier one stopped, and adds what the source has got since', async () => {
    const target = await onServer();
    const stopping = altered(target.events, {
      append: (stream, expected, events) =>
        stream === 'incident-2' ? Promise.reject(new Error('killed')) : target.events.append(stream, expected, events),
    });
    await expect(migrate(source, { ...target, events: stopping }, options)).rejects.toThrow('killed');
    expect(await all(target.events.readAll())).toHaveLength(3);
    expect((await migrate(source, target, options)).copied.events).toBe(3);
    await scribe.write('incident-3', { n: 0 });
    await source.keys.ensureKeys(['cy']);
    expect(await migrate(source, target, options)).toMatchObject({ copied: { events: 1, keys: 1, blobs: 0 } });
    expect(await migrate(source, target, options)).toMatchObject({ copied: { events: 0, keys: 0, blobs: 0 } });
    expect(await contentOf(target.events)).toEqual(await contentOf(source.events));
  });

  it('repeats what was not answered, and writes nothing twice', async () => {
    const target = await onServer();
    let lost = 0;
    const forgetful = altered(target.events, {
      append: async (stream, expected, events) => {
        const result = await target.events.append(stream, expected, events);
        lost += 1;
        if (lost % 2 === 1) throw new OutcomeUnknown('The answer was lost');
        return result;
      },
    });
    await migrate(source, { ...target, events: forgetful }, options);
    expect(lost).toBe(10);
    expect(await contentOf(target.events)).toEqual(await contentOf(source.events));
  });

  it('puts no more into an append than a server takes', async () => {
    const text = 'x'.repeat(200_000);
    for (let n = 0; n < 12; n += 1) await scribe.write('large-1', { n, text });
    await scribe.write('large-1', { text: 'y'.repeat(900_000) });
    const target = await onServer();
    const sizes: number[] = [];
    const counting = altered(target.events, {
      append: (stream, expected, events) => {
        if (stream === 'large-1') sizes.push(events.length);
        return target.events.append(stream, expected, events);
      },
    });
    await migrate(source, { ...target, events: counting }, options);
    expect(sizes).toEqual([2, 2, 2, 2, 2, 2, 1]);
    expect(await contentOf(target.events)).toEqual(await contentOf(source.events));
  });

  it('refuses a target with a history of its own, names the first difference, and writes nothing', async () => {
    const target = await onServer();
    await new Scribe(target.events).write('team-9', { name: 'Another desk' });
    const before = await contentOf(target.events);
    await expect(migrate(source, target, options)).rejects.toMatchObject({
      name: 'MigrationRefused',
      message: expect.stringMatching(/event 1: .* revision 0 of team-1 .* revision 0 of team-9/),
    });
    expect(await contentOf(target.events)).toEqual(before);
    await nothingIn(target);
  });

  it('refuses a target that has gone on, and verifies one', async () => {
    const target = await onServer();
    await migrate(source, target, options);
    await target.events.append('team-2', 'no-stream', [eventOf()]);
    await expect(migrate(source, target, options)).rejects.toThrow(/goes on where the source ends: .* team-2/);
    expect(await verifyMigration(source, target, options)).toMatchObject({ log: { events: 6 }, goesOn: true });
  });

  it('verifies that nothing lacks, and says what does', async () => {
    const target = await onServer();
    await expect(verifyMigration(source, target, options)).rejects.toThrow(
      'The target lacks the last 6 of 6 events, 3 entries of the key store, 1 of 1 blobs of the source.',
    );
    expect(await target.events.head()).toBeUndefined();
    await nothingIn(target);
  });

  it('reads of the target what it has, and not what it was given', async () => {
    const target = await onServer();
    const tampered = altered(target.events, {
      readAll: async function* (from) {
        for await (const event of target.events.readAll(from)) {
          yield event.revision === 2 ? { ...event, data: { n: 3 } } : event;
        }
      },
    });
    await expect(migrate(source, { ...target, events: tampered }, options)).rejects.toThrow(
      /hash chain of the target is broken at event 5: .*revision 2 of incident-1/,
    );
  });

  it('refuses a source that is not what was recorded, before it writes anything', async () => {
    await source.events.append('incident-9', 'no-stream', [eventOf()]);
    const target = await onServer();
    await expect(migrate(source, target, options)).rejects.toThrow(/hash chain of the source is broken at event 7/);
    expect(await target.events.head()).toBeUndefined();
    await nothingIn(target);
  });

  it('stops where somebody else writes to either side meanwhile', async () => {
    const target = await onServer();
    const taken = altered(target.events, {
      append: () => Promise.reject(new WrongExpectedRevision('incident-1', 'no-stream', 0)),
    });
    await expect(migrate(source, { ...target, events: taken }, options)).rejects.toThrow(/Somebody else writes/);
    let written = false;
    const growing = altered(target.events, {
      append: async (stream, expected, events) => {
        if (!written) await scribe.write('incident-4', { n: 0 });
        written = true;
        return target.events.append(stream, expected, events);
      },
    });
    await expect(migrate(source, { ...target, events: growing }, options)).rejects.toThrow(/changed meanwhile/);
  });

  it('refuses keys and blobs that are not those of the history', async () => {
    const target = await onServer();
    const { keys } = await embedded();
    await expect(migrate({ ...source, keys }, target, options)).rejects.toThrow(/none of the keys/);
    await keys.ensureKeys(['somebody']);
    await expect(migrate(source, { ...target, keys }, options)).rejects.toThrow(/another installation/);
    await target.blobs.put('attachment-1', Readable.from([Buffer.from('another content')]));
    await expect(migrate(source, target, options)).rejects.toThrow(/attachment-1 has another content/);
    expect(await target.events.head()).toBeUndefined();
    expect(await all(target.keys.exportKeys())).toHaveLength(1);
  });

  it('refuses a source in which there is nothing', async () => {
    await expect(migrate(await onServer(), await embedded(), options)).rejects.toThrow(/holds no events/);
  });
});
