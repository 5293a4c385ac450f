/**
 * One node with its port and its log, which can be stopped, killed and started again.
 */
import { randomUUID } from 'node:crypto';
import { OpenCalls } from './calls';
import { openEndpoint, type Endpoint, type Tls } from './endpoint';
import { EventLog } from './log';
import { Faults, misbehaviourOf, type Misbehaviour } from './misbehaviour';
import type { Credentials, Member } from './node';

/** How to start a server: on any free port and in memory where nothing else is said. */
export type ServerOptions = {
  readonly port?: number;
  /** Where to keep the log, so that it survives the process. */
  readonly directory?: string;
  readonly tls?: Tls & {
    /** The file with the certificate of the authority, for the connection string. */
    readonly authorityFile?: string;
  };
  readonly credentials?: Credentials;
  /** The time in milliseconds, for `created` and `$maxAge`. */
  readonly now?: () => number;
};

/** A running server. */
export type EventStoreDbServer = {
  readonly port: number;
  /** `esdb://127.0.0.1:<port>?tls=false`; with TLS, `tls=true`, the user and the authority's file. */
  readonly connectionString: string;
  /** Graceful: open calls end with CANCELLED. */
  stop(): Promise<void>;
  /** Abrupt: connections are destroyed, which clients see as UNAVAILABLE. */
  kill(): Promise<void>;
  /** Starts a server that is stopped or killed, or a running one after stopping it, on the same port with the same log. */
  restart(): Promise<void>;
  /** What to do wrong from now on. */
  readonly misbehave: Misbehaviour;
};

/** A log that several nodes may share; the last to let go of it closes it. */
export class SharedLog {
  #log: Promise<EventLog> | undefined;
  #users = 0;

  constructor(
    private readonly directory: string | undefined,
    private readonly now: () => number,
  ) {}

  acquire(): Promise<EventLog> {
    this.#users += 1;
    this.#log ??= EventLog.open(this.directory, this.now);
    return this.#log;
  }

  /** A log in a directory is read from there again by the next user; one in memory is kept. */
  async release(): Promise<void> {
    this.#users -= 1;
    if (this.#users > 0 || this.directory === undefined) return;
    const log = this.#log;
    this.#log = undefined;
    await (await log)?.close();
  }
}

/** What a node has to know of the others. */
export type Peers = { readonly members: () => readonly Member[]; readonly isLeader: () => boolean };

const host = '127.0.0.1';

/** A server that is one node of several, or the only one. */
export class NodeServer implements EventStoreDbServer {
  readonly misbehave: Misbehaviour;
  readonly #instanceId = randomUUID();
  readonly #calls = new OpenCalls();
  readonly #faults = new Faults();
  #endpoint: Endpoint | undefined;
  #port: number;

  constructor(
    private readonly options: ServerOptions,
    private readonly log: SharedLog,
    private readonly peers?: Peers,
  ) {
    this.#port = options.port ?? 0;
    this.misbehave = misbehaviourOf(this.#faults, (failure) => {
      this.#calls.end(failure, 'subscriptions');
    });
  }

  get port(): number {
    return this.#port;
  }

  get connectionString(): string {
    const { tls, credentials } = this.options;
    if (tls === undefined) return `esdb://${host}:${this.port}?tls=false`;
    const user = credentials === undefined ? '' : `${credentials.username}:${credentials.password}@`;
    const authority = tls.authorityFile === undefined ? '' : `&tlsCAFile=${encodeURIComponent(tls.authorityFile)}`;
    return `esdb://${user}${host}:${this.port}?tls=true${authority}`;
  }

  /** This node as gossip shows it. */
  get member(): Member {
    const isLeader = this.peers?.isLeader() ?? true;
    return { instanceId: this.#instanceId, host, port: this.port, isAlive: this.#endpoint !== undefined, isLeader };
  }

  async start(): Promise<void> {
    const log = await this.log.acquire();
    this.#endpoint = await openEndpoint(
      {
        log,
        calls: this.#calls,
        faults: this.#faults,
        credentials: this.options.credentials,
        members: this.peers?.members ?? (() => [this.member]),
        self: () => this.member,
        dropConnection: (peer) => this.#endpoint?.drop(peer),
      },
      { host, port: this.#port, tls: this.options.tls },
    );
    this.#port = this.#endpoint.port;
  }

  async stop(): Promise<void> {
    await this.#end((endpoint) => endpoint.stop());
  }

  async kill(): Promise<void> {
    await this.#end((endpoint) => endpoint.kill());
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  async #end(how: (endpoint: Endpoint) => Promise<void>): Promise<void> {
    const endpoint = this.#endpoint;
    if (endpoint === undefined) return;
    this.#endpoint = undefined;
    this.#faults.heal();
    await how(endpoint);
    await this.log.release();
  }
}
