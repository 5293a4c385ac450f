import { type StoreSettings } from '@faultline/stores';

/** What a worker is told when it is started. */
export type WorkerSettings = {
  readonly stores: StoreSettings;
  /** Everything, by a process that is alone; reports only; or reports beside this process's share in feeding the models. */
  readonly work: 'everything' | 'reports' | 'reports-and-share';
  /** By which name this process holds its leases. */
  readonly owner: string;
};

/** A DomainError as it crosses between threads. */
export type ErrorMessage = {
  readonly message: string;
  readonly name: string;
  readonly domain?: {
    readonly kind: 'invalid' | 'not-found' | 'conflict' | 'forbidden';
    readonly code: string;
    readonly fields: object;
  };
};

export type RequestMessage = { readonly id: number; readonly method: string; readonly args: readonly unknown[] };

/** What a worker tells: answers, and how far it has come. */
export type WorkerMessage =
  | { readonly kind: 'ready' }
  /** It could not begin. */
  | { readonly kind: 'failed'; readonly error: ErrorMessage }
  | { readonly kind: 'position'; readonly position: string }
  | { readonly kind: 'trouble'; readonly message: string; readonly fatal: boolean }
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'error'; readonly id: number; readonly error: ErrorMessage };
