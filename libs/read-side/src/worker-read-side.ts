import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { DomainError, StoreUnavailable } from '@faultline/kernel';
import { type ProjectionStatus } from '@faultline/projections';
import { type ErrorMessage, type RequestMessage, type WorkerMessage, type WorkerSettings } from './messages';
import { PositionWaiters } from './position-waiters';
import { type IdPage, type QueryParameters, type ReadSide } from './read-side';

type Pending = { readonly resolve: (value: unknown) => void; readonly reject: (error: Error) => void };

type Hooks = { readonly onTrouble: (message: string, fatal: boolean) => void };

/** Memory for the worker's young objects: a larger nursery only raises the resident size. */
const resourceLimits = { maxYoungGenerationSizeMb: 16 };

/** The read side in a worker thread, or that part of it which {@link WorkerSettings} names, asked by messages. */
export class WorkerReadSide implements ReadSide {
  failure: string | undefined;
  private readonly worker: Worker;
  private readonly pending = new Map<number, Pending>();
  private readonly waiters = new PositionWaiters();
  private nextId = 1;
  private stopping = false;
  private ready!: Pending;
  private readonly started: Promise<unknown>;

  constructor(
    settings: WorkerSettings,
    private readonly hooks: Hooks,
  ) {
    this.started = new Promise((resolve, reject) => {
      this.ready = { resolve, reject };
    });
    this.worker = new Worker(join(__dirname, 'worker.js'), { workerData: settings, resourceLimits });
    this.worker.on('message', (message: WorkerMessage) => {
      this.receive(message);
    });
    this.worker.on('error', (error) => {
      this.end(error instanceof Error ? error : new Error(String(error)));
    });
    this.worker.on('exit', () => {
      if (!this.stopping) this.end(new Error('The projections worker ended'));
    });
  }

  /** Resolves once the worker has begun its work. Rejects with what kept it from that, such as StoreUnavailable; it has ended then. */
  async start(): Promise<void> {
    try {
      await this.started;
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  reached(position: string, signal?: AbortSignal): Promise<void> {
    return this.waiters.reached(position, signal);
  }

  status(): Promise<readonly ProjectionStatus[]> {
    return this.ask('status');
  }

  rebuild(name: string): Promise<void> {
    return this.ask('rebuild', name);
  }

  report(name: string, query: QueryParameters, now: number): Promise<object> {
    return this.ask('report', name, query, now);
  }

  incidentsBehind(name: string, query: QueryParameters, now: number): Promise<IdPage> {
    return this.ask('incidentsBehind', name, query, now);
  }

  incidentsAsOf(query: QueryParameters): Promise<IdPage> {
    return this.ask('incidentsAsOf', query);
  }

  async stop(): Promise<void> {
    this.stopping = true;
    if (this.failure === undefined) await this.ask('stop').catch(() => undefined);
    await this.worker.terminate();
  }

  private ask<Answer>(method: string, ...args: readonly unknown[]): Promise<Answer> {
    if (this.failure !== undefined) return Promise.reject(new StoreUnavailable(this.failure));
    const id = this.nextId;
    this.nextId += 1;
    return new Promise<Answer>((resolve, reject) => {
      this.pending.set(id, { resolve: resolve as (value: unknown) => void, reject });
      this.worker.postMessage({ id, method, args } satisfies RequestMessage);
    });
  }

  private receive(message: WorkerMessage): void {
    switch (message.kind) {
      case 'ready':
        this.ready.resolve(undefined);
        return;
      case 'failed':
        this.end(revive(message.error));
        return;
      case 'position':
        this.waiters.moveTo(message.position);
        return;
      case 'trouble':
        if (message.fatal) this.failure = message.message;
        this.hooks.onTrouble(message.message, message.fatal);
        return;
      case 'answer':
        this.settle(message.id)?.resolve(message.value);
        return;
      case 'error':
        this.settle(message.id)?.reject(revive(message.error));
    }
  }

  private settle(id: number): Pending | undefined {
    const pending = this.pending.get(id);
    this.pending.delete(id);
    return pending;
  }

  private end(error: Error): void {
    this.failure = error.message;
    this.ready.reject(error);
    for (const { reject } of this.pending.values()) reject(new StoreUnavailable(error.message));
    this.pending.clear();
    this.hooks.onTrouble(error.stack ?? error.message, true);
  }
}

function revive({ message, name, domain }: ErrorMessage): Error {
  if (domain) return new DomainError(domain.kind, domain.code, message, domain.fields as DomainError['fields']);
  if (name === 'StoreUnavailable') return new StoreUnavailable(message);
  const error = new Error(message);
  error.name = name;
  return error;
}
