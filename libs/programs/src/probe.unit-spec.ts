import { ManualClock } from '@faultline/kernel';
import { Probe } from './probe';

describe('a probe', () => {
  const clock = new ManualClock();

  it('tells the facts, and what is wrong', async () => {
    const answers = [() => Promise.resolve({ lagMs: 3 }), () => Promise.reject(new Error('connection refused'))];
    const probe = new Probe(() => answers.shift()!(), clock);
    expect(await probe.check()).toEqual({ ok: true, lagMs: 3 });
    expect(await probe.check()).toEqual({ ok: false, detail: 'connection refused' });
    expect(clock.waiting).toBe(0);
  });

  it('answers within a second, with what is known, and asks no second time meanwhile', async () => {
    const questions: PromiseWithReject[] = [];
    const probe = new Probe(() => {
      const question = pending();
      questions.push(question);
      return question.promise;
    }, clock);
    const late = async () => {
      const answer = probe.check();
      clock.advance(1_000);
      return answer;
    };
    expect(await late()).toEqual({ ok: false, detail: 'It does not answer' });
    expect(await late()).toEqual({ ok: false, detail: 'It does not answer' });
    expect(questions).toHaveLength(1);
    const told = probe.check();
    questions[0]!.reject(new Error('connection refused'));
    expect(await told).toEqual({ ok: false, detail: 'connection refused' });
    expect(await late()).toEqual({ ok: false, detail: 'connection refused' });
    expect(questions).toHaveLength(2);
  });
});

type PromiseWithReject = { readonly promise: Promise<object>; readonly reject: (error: Error) => void };

function pending(): PromiseWithReject {
  let reject!: (error: Error) => void;
  const promise = new Promise<object>((_, fail) => {
    reject = fail;
  });
  return { promise, reject };
}
