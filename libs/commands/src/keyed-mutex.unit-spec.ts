import * as fc from 'fast-check';
import { gate } from '../../../test/support/stores';
import { KeyedMutex } from './keyed-mutex';

describe('the keyed mutex', () => {
  it('answers what the task answers, and throws what it throws', async () => {
    const mutex = new KeyedMutex();
    await expect(mutex.run('a', () => Promise.resolve(7))).resolves.toBe(7);
    await expect(mutex.run('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await expect(mutex.run('a', () => Promise.resolve(8))).resolves.toBe(8);
  });

  it('lets a key wait for its own tasks only', async () => {
    const mutex = new KeyedMutex();
    const { opened, open } = gate();
    const log: string[] = [];
    const task =
      (name: string, until = Promise.resolve()) =>
      async () => {
        log.push(`${name} begins`);
        await until;
        log.push(`${name} ends`);
      };
    const first = mutex.run('a', task('first', opened));
    const second = mutex.run('a', task('second'));
    await mutex.run('b', task('other'));
    expect(log).toEqual(['first begins', 'other begins', 'other ends']);
    open();
    await Promise.all([first, second]);
    expect(log.slice(3)).toEqual(['first ends', 'second begins', 'second ends']);
  });

  it('forgets a key that nobody uses', async () => {
    const mutex = new KeyedMutex();
    const { tails } = mutex as unknown as { tails: Map<string, unknown> };
    const running = [1, 2, 3].map((n) => mutex.run('a', () => Promise.resolve(n)));
    const failing = mutex.run('b', () => Promise.reject(new Error('no')));
    expect(tails.size).toBe(2);
    await Promise.all(running);
    await expect(failing).rejects.toThrow('no');
    expect(tails.size).toBe(0);
  });

  it('runs the tasks of each key one at a time and in order, however they are scheduled', async () => {
    const task = fc.record({ key: fc.constantFrom('a', 'b', 'c'), fails: fc.boolean(), steps: fc.nat(3) });
    await fc.assert(
      fc.asyncProperty(fc.array(task, { maxLength: 12 }), fc.scheduler(), async (tasks, scheduler) => {
        const mutex = new KeyedMutex();
        const active = new Set<string>();
        const begun: number[] = [];
        const runs = tasks.map(({ key, fails, steps }, index) =>
          mutex.run(key, async () => {
            expect(active.has(key)).toBe(false);
            active.add(key);
            begun.push(index);
            for (let step = 0; step < steps; step += 1) await scheduler.schedule(Promise.resolve());
            active.delete(key);
            if (fails) throw new Error(`task ${index}`);
            return index;
          }),
        );
        const results = await scheduler.waitFor(Promise.allSettled(runs));
        expect(results).toEqual(
          tasks.map(({ fails }, index) =>
            fails ? { status: 'rejected', reason: new Error(`task ${index}`) } : { status: 'fulfilled', value: index },
          ),
        );
        const ofKey = (key: string) => (index: number) => tasks[index]!.key === key;
        for (const key of ['a', 'b', 'c'])
          expect(begun.filter(ofKey(key))).toEqual([...tasks.keys()].filter(ofKey(key)));
      }),
    );
  });
});
