import { Duplex } from 'node:stream';
import { BatchCall } from './batch-call';

/** A call whose other end takes nothing. */
const stalled = () => new Duplex({ objectMode: true, highWaterMark: 2, read: () => undefined, write: () => undefined });

describe('the call that carries all appends', () => {
  it('never has a write wait for the buffer: what waits when the call breaks would end the process', () => {
    const bare = stalled();
    expect([1, 2, 3].map((request) => bare.write(request))).toContain(false);
    const guarded = new BatchCall().guard(stalled());
    expect([1, 2, 3].map((request) => guarded.write(request))).toEqual([true, true, true]);
  });

  it('drops an answer that finds no one, and no other', () => {
    const stream = stalled();
    const answers: unknown[] = [];
    const waiting = new Map([['known', [(answer: unknown) => answers.push(answer)]]]);
    stream.on('data', (response: { id: string }) => {
      // As the client does it: an error where nobody waits.
      const [resolve] = waiting.get(response.id) as unknown as [(answer: unknown) => void];
      resolve(response.id);
    });
    new BatchCall().guard(stream);
    stream.emit('data', { id: 'late' });
    stream.emit('data', { id: 'known' });
    expect(answers).toEqual(['known']);
  });

  it('has the append that opens it go first, and opens anew once it is over', async () => {
    const batches = new BatchCall();
    const sent: string[] = [];
    let opened = 0;
    const append = (name: string) =>
      batches.inOrder(async () => {
        if (sent.length === 0 || name === 'after the break') {
          opened += 1;
          // Opening takes a while longer than finding it open.
          await new Promise(setImmediate);
          current = batches.guard(stalled());
        }
        current.write(name);
        sent.push(name);
      });
    let current: Duplex = stalled();
    await Promise.all(['first', 'second', 'third'].map(append));
    expect([sent, opened]).toEqual([['first', 'second', 'third'], 1]);
    current.emit('end');
    await Promise.all(['after the break', 'last'].map(append));
    expect([sent.slice(3), opened]).toEqual([['after the break', 'last'], 2]);
  });

  it('lets the next append try to open it when the first one could not', async () => {
    const batches = new BatchCall();
    const tries = ['one', 'two'].map((name) => batches.inOrder(() => Promise.reject(new Error(name))));
    const outcomes = await Promise.allSettled(tries);
    expect(
      outcomes.map((outcome) => (outcome as PromiseRejectedResult).reason as Error).map(({ message }) => message),
    ).toEqual(['one', 'two']);
  });
});
