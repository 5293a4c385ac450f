import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

type Said = { readonly answer?: unknown; readonly error?: string };

/** A program of this folder as a process that is asked by messages; its argument is JSON. */
export class HelperProcess {
  private constructor(private readonly child: ChildProcess) {}

  /** Starts a program and waits until it is ready. */
  static async start(program: string, argument: object): Promise<HelperProcess> {
    const helper = new HelperProcess(fork(join(__dirname, `${program}.js`), [JSON.stringify(argument)]));
    await helper.heard();
    return helper;
  }

  /** Asks for something; rejects with what went wrong there. */
  async ask<Answer>(task: object): Promise<Answer> {
    this.child.send(task);
    return (await this.heard()) as Answer;
  }

  /** Lets it end in order. */
  async stop(): Promise<void> {
    if (this.child.exitCode !== null) return;
    const exited = once(this.child, 'exit');
    this.child.disconnect();
    await exited;
  }

  private async heard(): Promise<unknown> {
    const over = new AbortController();
    const { signal } = over;
    try {
      const message = once(this.child, 'message', { signal }) as Promise<[Said]>;
      const exit = once(this.child, 'exit', { signal }).then((): [Said] => [{ error: 'A process of the bench died' }]);
      exit.catch(() => undefined);
      const [{ answer, error }] = await Promise.race([message, exit]);
      if (error !== undefined) throw new Error(error);
      return answer;
    } finally {
      over.abort();
    }
  }
}
