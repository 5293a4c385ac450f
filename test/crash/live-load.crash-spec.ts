import { randomId } from '@faultline/kernel';
import { ApiClient } from '../support/api-client';
import { dumpReadModels } from '../support/read-models';
import { runFaultline, type ServerProcess, startServerProcess } from '../support/server-process';
import { temporaryDirectory } from '../support/temporary';

// The process is killed by SIGKILL while clients work, twenty times, each time after another number of acknowledged commands. What a
// kill cannot take: everything acknowledged was fsynced before it was answered. What it may leave half done, and how that is mended:
// the read models, whose checkpoints trail their documents, by the guarded writes of the next start; a number that was reserved and
// not used, by the gap; a command without an answer, by repeating it under its Idempotency-Key.

const kills = 20;
const clients = 8;

type Outcome = { readonly id: string; readonly revision: number; readonly position: string };
type Acknowledged = Outcome & { readonly path: string; readonly key: string };
type Exported = {
  readonly stream: string;
  readonly revision: number;
  readonly position: string;
  readonly id: string;
  readonly commandId: string;
};

/** Commands of one client: an incident's life, and the next one's. A command without an answer is sent again, under its key. */
class Agent {
  readonly acknowledged: Acknowledged[] = [];
  private steps: { path: string; body: object }[] = [];
  private pending: { path: string; body: object; key: string } | undefined;

  constructor(private readonly name: string) {}

  /** Works until the server is gone. */
  async work(api: ApiClient, onAnswer: () => void): Promise<void> {
    for (;;) {
      this.pending ??= { ...this.next(), key: randomId() };
      const { path, body, key } = this.pending;
      try {
        const { status, body: outcome } = await api.post<Outcome>(path, body, { 'idempotency-key': key });
        if (status >= 300) throw new Error(`${path} was refused: ${JSON.stringify(outcome)}`);
        this.pending = undefined;
        this.acknowledged.push({ ...outcome, path, key });
        if (path === '/v1/incidents') this.plan(outcome.id);
        onAnswer();
      } catch (error) {
        // fetch's own error comes from outside of the sandbox that tests run in, so that instanceof does not know it.
        if ((error as Error).name === 'TypeError') return;
        throw error;
      }
    }
  }

  private next(): { path: string; body: object } {
    const step = this.steps.shift();
    return step ?? { path: '/v1/incidents', body: { title: `Seen by ${this.name}`, team: 'service-desk', impact: 2 } };
  }

  private plan(id: string): void {
    const path = (command: string) => `/v1/incidents/${id}/${command}`;
    this.steps = [
      { path: path('assignment'), body: { agent: 'me' } },
      { path: path('work-start'), body: {} },
      { path: path('hold'), body: { reason: 'caller' } },
      { path: path('resumption'), body: {} },
      { path: path('comments'), body: { text: 'Looked into it', visibility: 'internal' } },
      { path: path('resolution'), body: { code: 'solved', notes: 'Done', fix: 'permanent' } },
    ];
  }
}

/** Lets the agents work and kills the server after `commands` answers. */
async function workUntilKilled(server: ServerProcess, agents: readonly Agent[], commands: number): Promise<void> {
  const api = new ApiClient(server.url);
  let left = commands;
  let killed: Promise<void> | undefined;
  const onAnswer = () => {
    left -= 1;
    if (left === 0) killed = server.kill();
  };
  await Promise.all(agents.map((agent) => agent.work(api, onAnswer)));
  await killed;
}

test('kill -9 under live load, twenty times: every acknowledged event is there once, and read models equal a rebuild', async () => {
  const directory = await temporaryDirectory();
  const agents = Array.from({ length: clients }, (_, index) => new Agent(`agent ${index}`));
  for (let round = 1; round <= kills; round += 1) {
    await workUntilKilled(await startServerProcess(directory.path), agents, 3 + ((round * 37) % 101));
  }
  // A last start lets the projections catch up with the log, and each agent finish what it had begun.
  const last = await startServerProcess(directory.path);
  await workUntilCaughtUp(new ApiClient(last.url));
  expect(await last.stop()).toBe(0);

  const exported = await exportedEvents(directory.path);
  const acknowledged = agents.flatMap((agent) => agent.acknowledged);
  expect(acknowledged.length).toBeGreaterThan(kills * 3);
  const at = new Map(exported.map((event) => [`${event.stream}@${event.revision}`, event]));
  expect(at.size).toBe(exported.length);
  expect(new Set(exported.map(({ id }) => id)).size).toBe(exported.length);
  for (const { id, revision, position } of acknowledged) {
    expect(at.get(`incident-${id}@${revision}`)).toMatchObject({ position });
  }
  // A command that was answered twice, because its first answer was lost, has one set of events.
  const logged = acknowledged.filter(({ path }) => path === '/v1/incidents').map(({ id }) => id);
  expect(new Set(logged).size).toBe(logged.length);
  expectConsecutive(exported);

  const live = await dumpReadModels(directory.path);
  expect(live['incidents']?.length).toBeGreaterThanOrEqual(logged.length);
  expect(await runFaultline(directory.path, ['rebuild'])).toMatchObject({ status: 0 });
  expect(await dumpReadModels(directory.path)).toEqual(live);
  await directory.remove();
});

async function workUntilCaughtUp(api: ApiClient): Promise<void> {
  const { body } = await api.post<Outcome>('/v1/incidents', { title: 'The last one' });
  const { status } = await api.get(`/v1/incidents/${body.id}?after=${body.position}`);
  expect(status).toBe(200);
}

async function exportedEvents(directory: string): Promise<Exported[]> {
  const { status, output, errors } = await runFaultline(directory, ['export']);
  expect({ status, errors }).toEqual({ status: 0, errors: '' });
  return output
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Exported);
}

function expectConsecutive(events: readonly Exported[]): void {
  const next = new Map<string, number>();
  for (const { stream, revision } of events) {
    expect({ stream, revision }).toEqual({ stream, revision: next.get(stream) ?? 0 });
    next.set(stream, revision + 1);
  }
}
