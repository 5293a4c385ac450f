import { startServer, type RunningServer } from '@faultline/gateway';
import { readEnvironment } from '@faultline/config';
import { ManualClock } from '@faultline/kernel';
import request, { type Test } from 'supertest';
import { adminKey } from './server-process';
import { temporaryDirectory } from './temporary';

/** The instant at which the clock of every test server stands when it starts. */
export const startOfTime = Date.UTC(2026, 2, 2, 8);

/** A gateway in this process, on its own directory, with a clock that tests turn. */
export class Gateway {
  private constructor(
    readonly server: RunningServer,
    readonly clock: ManualClock,
    readonly directory: string,
    private readonly remove: () => Promise<void>,
  ) {}

  static async start(settings: Readonly<Record<string, string>> = {}): Promise<Gateway> {
    const { path, remove } = await temporaryDirectory();
    const environment = readEnvironment({
      PORT: '0',
      EVENT_STORE: `lmdb:${path}`,
      READ_STORE: `lmdb:${path}`,
      KEY_STORE: `file:${path}`,
      FAULTLINE_ADMIN_KEY: adminKey,
      RATE_LIMIT_PER_MINUTE: '1000000',
      LOG_LEVEL: 'silent',
      ...settings,
    });
    const clock = new ManualClock(startOfTime);
    const server = await startServer({ environment, clock, threads: false });
    return new Gateway(server, clock, path, remove);
  }

  async stop(): Promise<void> {
    await this.server.close();
    await this.remove();
  }

  get(path: string, key = adminKey): Test {
    return request(this.server.url).get(path).set('authorization', `Bearer ${key}`);
  }

  post(path: string, body: object = {}, key = adminKey): Test {
    return request(this.server.url).post(path).set('authorization', `Bearer ${key}`).send(body);
  }

  delete(path: string, key = adminKey): Test {
    return request(this.server.url).delete(path).set('authorization', `Bearer ${key}`);
  }

  /** A request without any key. */
  anonymous(path: string): Test {
    return request(this.server.url).get(path);
  }

  /** Logs an incident; answers its id, number, revision and position. */
  async log(body: object = {}): Promise<Logged> {
    const { body: answer } = await this.post('/v1/incidents', { title: 'The VPN does not connect', ...body }).expect(
      201,
    );
    return answer as Logged;
  }

  /** Carries out a command that must succeed. */
  async command(id: string, command: string, body: object = {}): Promise<Outcome> {
    const { body: answer } = await this.post(`/v1/incidents/${id}/${command}`, body).expect(200);
    return answer as Outcome;
  }

  /** What the read models say of an incident, once they have seen everything up to now. */
  async incident(id: string, query = ''): Promise<Record<string, unknown>> {
    await this.settle();
    return (await this.get(`/v1/incidents/${id}${query}`).expect(200)).body as Record<string, unknown>;
  }

  /** Lets the projections reach everything that is in the log. */
  async settle(): Promise<void> {
    const head = await this.server.platform.events.head();
    if (head !== undefined) await this.server.platform.readSide.reached(head);
  }

  /** Uploads a file and waits until its import is over; answers the import's status. */
  async import(format: string, file: Buffer | string, query = ''): Promise<Record<string, unknown>> {
    const { body } = await request(this.server.url)
      .post(`/v1/imports?format=${format}${query}`)
      .set('authorization', `Bearer ${adminKey}`)
      .set('content-type', 'text/csv')
      .send(file)
      .expect(202);
    const { importId } = body as { importId: string };
    for (;;) {
      const { body: status } = await this.get(`/v1/imports/${importId}`).expect(200);
      if ((status as { state: string }).state !== 'running') return status as Record<string, unknown>;
    }
  }
}

export type Outcome = { readonly id: string; readonly revision: number; readonly position: string };
export type Logged = Outcome & { readonly number: string };
