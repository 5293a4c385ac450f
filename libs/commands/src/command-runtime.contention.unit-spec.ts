import { type EventStore, WrongExpectedRevision } from '@faultline/event-store';
import { DomainError, ManualClock } from '@faultline/kernel';
import * as fc from 'fast-check';
import { altered, gate, openStores, type Stores } from '../../../test/support/stores';
import { LogbookDesk, recorded } from './testing/logbook';

type Append = EventStore['append'];

describe('commands that meet on one stream', () => {
  let stores: Stores;
  let desk: LogbookDesk;

  beforeEach(async () => {
    stores = await openStores();
    desk = another();
    await desk.open('logbook-1');
  });

  afterEach(() => stores.close());

  const another = (store: EventStore = stores.events) => new LogbookDesk(store, stores.keys, new ManualClock());
  const texts = async (stream = 'logbook-1') => (await desk.load(stream)).state.lines.map(({ text }) => text);

  /** A runtime whose next `count` appends each find that another process was quicker. */
  const overtaken = (count: number, rival: (nth: number) => Promise<unknown>) => {
    const expected: unknown[] = [];
    const append: Append = async (...call) => {
      expected.push(call[1]);
      if (expected.length <= count) await rival(expected.length);
      return stores.events.append(...call);
    };
    return { expected, desk: another(altered(stores.events, { append })) };
  };

  it('a command that was overtaken decides again on what is now there', async () => {
    const { expected, desk: slow } = overtaken(2, (nth) => desk.write('logbook-1', [`rival ${nth}`]));
    const outcome = await slow.write('logbook-1', ['mine']);
    expect(expected).toEqual([0, 1, 2]);
    expect(outcome).toMatchObject({ revision: 3, repeated: false });
    expect(outcome.state.lines.map(({ text, number }) => [text, number])).toEqual([
      ['rival 1', 1],
      ['rival 2', 2],
      ['mine', 3],
    ]);
  });

  it('a stream that another process began first is continued', async () => {
    const { expected, desk: slow } = overtaken(1, () => desk.open('logbook-2'));
    await expect(slow.open('logbook-2')).resolves.toMatchObject({ revision: 0, state: { state: 'open' } });
    expect(expected).toEqual(['no-stream']);
    expect(await recorded(stores.events, 'logbook-2')).toHaveLength(1);
  });

  it('a rule that holds by then refuses', async () => {
    const { desk: slow } = overtaken(1, () => desk.execute('logbook-1', { type: 'CloseLogbook' }));
    await expect(slow.write('logbook-1', ['mine'])).rejects.toMatchObject({ code: 'logbook.not-open' });
  });

  it('a revision that was right is stale by then', async () => {
    const { desk: slow } = overtaken(1, () => desk.write('logbook-1', ['rival']));
    await expect(slow.write('logbook-1', ['mine'], { expectedRevision: 0 })).rejects.toMatchObject({
      code: 'revision.stale',
      fields: { expectedRevision: 0, actualRevision: 1 },
    });
    expect(await texts()).toEqual(['rival']);
  });

  it('one that is overtaken all the time gives up with a conflict, and its cause', async () => {
    const { expected, desk: slow } = overtaken(Infinity, (nth) => desk.write('logbook-1', [`rival ${nth}`]));
    const failed: unknown = await slow.write('logbook-1', ['mine']).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(DomainError);
    expect(failed).toMatchObject({ kind: 'conflict', code: 'stream.contended' });
    expect((failed as DomainError).cause).toBeInstanceOf(WrongExpectedRevision);
    expect(expected).toHaveLength(10);
    expect(await texts()).toHaveLength(10);
  });

  it('one after the other within a process, so that none has to decide twice', async () => {
    const { expected, desk: single } = overtaken(0, () => Promise.resolve());
    await Promise.all(['one', 'two', 'three'].map((text) => single.write('logbook-1', [text])));
    expect(expected).toEqual([0, 1, 2]);
    expect(await texts()).toEqual(['one', 'two', 'three']);
  });

  it('a failed one does not hold up the next', async () => {
    const failed = desk.write('logbook-1', ['one'], { lines: 0 });
    const next = desk.write('logbook-1', ['two']);
    await expect(failed).rejects.toMatchObject({ code: 'logbook.full' });
    await expect(next).resolves.toMatchObject({ revision: 1 });
  });

  it('another stream does not wait', async () => {
    const blocked = gate();
    const append: Append = async (stream, ...rest) => {
      if (stream === 'logbook-1') await blocked.opened;
      return stores.events.append(stream, ...rest);
    };
    const single = another(altered(stores.events, { append }));
    const waiting = single.write('logbook-1', ['one']);
    await expect(single.open('logbook-2')).resolves.toMatchObject({ revision: 0 });
    expect(await texts()).toEqual([]);
    blocked.open();
    await expect(waiting).resolves.toMatchObject({ revision: 1 });
  });

  it('in any interleaving of processes and streams leaves each line once, numbered without a gap', async () => {
    let run = 0;
    const step = fc.record({ process: fc.nat(2), stream: fc.nat(1), lines: fc.integer({ min: 1, max: 3 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 9 }), fc.scheduler(), async (steps, scheduler) => {
        run += 1;
        const streamOf = (index: number) => `logbook-${run}-${index}`;
        const append: Append = async (...call) => {
          await scheduler.schedule(Promise.resolve());
          return stores.events.append(...call);
        };
        const processes = [0, 1, 2].map(() => another(altered(stores.events, { append })));
        for (const index of [0, 1]) await desk.open(streamOf(index));
        const commands = steps.map(({ process, stream, lines }, index) =>
          processes[process]!.write(
            streamOf(stream),
            Array.from({ length: lines }, (_, line) => `${index}.${line}`),
          ),
        );
        const outcomes = await scheduler.waitFor(Promise.all(commands));
        for (const index of [0, 1]) {
          const { state } = await desk.load(streamOf(index));
          const own = steps.flatMap(({ stream, lines }, nth) =>
            stream === index ? Array.from({ length: lines }, (_, line) => `${nth}.${line}`) : [],
          );
          expect(state.lines.map(({ text }) => text).sort()).toEqual(own.sort());
          expect(state.lines.map(({ number }) => number)).toEqual(own.map((_, nth) => nth + 1));
        }
        expect(outcomes.every(({ repeated }) => !repeated)).toBe(true);
      }),
      { numRuns: 40 },
    );
  });
});
