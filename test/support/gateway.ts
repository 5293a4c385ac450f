import request, { type Test } from 'supertest';
import { type Backend, type Settings, startEmbedded } from './backend';
import { onceHeader } from './front';
import { startProduction, stopSharedServers } from './production';
import { adminKey } from './server-process';
import { until } from './until';

export { startOfTime } from './backend';

/** On what the tests of this jest project run; config/jest.config.cjs says. */
const mode = (globalThis as { readonly faultlineMode?: 'embedded' | 'production' | 'mortal' }).faultlineMode;

if (mode !== 'embedded') afterAll(() => stopSharedServers());

/** A gateway with its platform, on stores of its own, with a clock that tests turn. */
export class Gateway {
  private constructor(private readonly backend: Backend) {}

  static async start(settings: Settings = {}): Promise<Gateway> {
    if (mode === 'embedded') return new Gateway(await startEmbedded(settings));
    return new Gateway(await startProduction(settings, { mortal: mode === 'mortal' }));
  }

  get url(): string {
    return this.backend.url;
  }

  /** The log, to be read. */
  get events(): Pick<Backend['events'], 'readAll' | 'head'> {
    return this.backend.events;
  }

  /** The time of the platform, in ms since the epoch. */
  now(): number {
    return this.backend.now();
  }

  advance(milliseconds: number): void {
    this.backend.advance(milliseconds);
  }

  /** Waits for the answer to a request that is only given after so many ms. */
  async outwait(pending: Test, milliseconds: number): Promise<Awaited<Test>> {
    const answered = pending.set(onceHeader, '1').then((response) => response);
    await this.backend.outwait(answered, milliseconds);
    return answered;
  }

  stop(): Promise<void> {
    return this.backend.stop();
  }

  get(path: string, key = adminKey): Test {
    return this.anonymous(path).set('authorization', `Bearer ${key}`);
  }

  post(path: string, body: object = {}, key = adminKey): Test {
    return this.sending(request(this.url).post(path), key).send(body);
  }

  delete(path: string, key = adminKey): Test {
    return this.sending(request(this.url).delete(path), key);
  }

  /** A request without any key. */
  anonymous(path: string): Test {
    return request(this.url).get(path).set(this.backend.headers());
  }

  /** Uploads a file to be imported; answers as the server does. */
  upload(file: Buffer | string, query: string, headers: Readonly<Record<string, string>> = {}): Test {
    const upload = this.sending(request(this.url).post(`/v1/imports?${query}`), adminKey);
    return upload.set({ 'content-type': 'text/csv', ...headers }).send(file);
  }

  private sending(test: Test, key: string): Test {
    return test.set(this.backend.headers()).set('authorization', `Bearer ${key}`);
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
    const head = await this.events.head();
    if (head !== undefined) await this.get(`/v1/projections?after=${head}`).expect(200);
  }

  /** Uploads a file and waits until its import is over; answers the import's status. */
  async import(format: string, file: Buffer | string, query = ''): Promise<Record<string, unknown>> {
    const { body } = await this.upload(file, `format=${format}${query}`).expect(202);
    const { importId } = body as { importId: string };
    let status: Record<string, unknown> = {};
    await until(async () => {
      status = (await this.get(`/v1/imports/${importId}`).expect(200)).body as Record<string, unknown>;
      return status['state'] !== 'running';
    });
    return status;
  }
}

export type Outcome = { readonly id: string; readonly revision: number; readonly position: string };
export type Logged = Outcome & { readonly number: string };
