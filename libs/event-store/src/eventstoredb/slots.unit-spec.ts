import { ManualClock } from '@faultline/kernel';
import { type Slot, Slots } from './slots';

const turn = () => new Promise(setImmediate);

describe('places for appends under way', () => {
  it('are given in the order in which they are asked for', async () => {
    const clock = new ManualClock();
    const slots = new Slots(1, clock);
    const deadline = clock.now() + 1_000;
    const order: number[] = [];
    const first = (await slots.take(deadline)) as Slot;
    const waiting = [1, 2, 3].map(async (n) => {
      const slot = await slots.take(deadline);
      order.push(n);
      slot?.free();
    });
    await turn();
    expect(order).toEqual([]);
    first.free();
    await Promise.all(waiting);
    expect(order).toEqual([1, 2, 3]);
  });

  it('are late at their deadline, not before, whether they are held or waited for', async () => {
    const clock = new ManualClock();
    const slots = new Slots(1, clock);
    const held = (await slots.take(clock.now() + 1_000)) as Slot;
    const waited = slots.take(clock.now() + 1_000);
    let late = false;
    held.late.catch(() => {
      late = true;
      // Freed only now, so that whoever waited has not got it in time.
    });
    clock.advance(999);
    await turn();
    expect(late).toBe(false);
    clock.advance(1);
    await turn();
    expect(late).toBe(true);
    expect(await waited).toBeUndefined();
    held.free();
  });

  it('watch no longer than there is something to watch', async () => {
    const clock = new ManualClock();
    const slots = new Slots(2, clock);
    const slot = (await slots.take(clock.now() + 1_000)) as Slot;
    slot.free();
    clock.advance(1_000);
    await turn();
    await turn();
    expect(clock.waiting).toBe(0);
  });
});
