/**
 * Doing wrong on command. A real server stalls, loses connections and changes leaders when it likes; this one does so
 * when a test says, and answers as the real one would.
 */
import { batchFailures, failures, type Failure } from './errors';
import type { Status } from '@eventstore/db-client/generated/status_pb';

/** What a test can ask for. Methods with a number apply to the next so many calls and add up; the rest apply now. */
export type Misbehaviour = {
  /** Connections stay open, and nothing that arrives is looked at, until `resume`. */
  stall(): void;
  /** Looks at everything that arrived meanwhile, in order. */
  resume(): void;
  /** The next writes are lost together with their connection. */
  dropBeforeCommit(writes?: number): void;
  /** The next writes are done, and their connection is lost before the answer. */
  dropAfterCommit(writes?: number): void;
  /** The next reads, subscriptions or writes are told that the leader is elsewhere. */
  notLeader(calls: number, host: string, port: number): void;
  /** The next reads, subscriptions or writes are refused as one too many. */
  tooBusy(calls?: number): void;
  /** The next reads, subscriptions or writes are refused as coming before the server is up. */
  notReady(calls?: number): void;
  /** The next writes fail as not replicated in time; they are not done. */
  timeout(writes?: number): void;
  /** Ends every open subscription without an error. */
  endSubscriptions(): void;
  /** Ends every open subscription with UNAVAILABLE. */
  dropSubscriptions(): void;
  /** Takes back whatever was asked for and has not happened. */
  heal(): void;
};

/** What goes wrong with one call. */
export type Fault =
  | { readonly kind: 'drop-before-commit' | 'drop-after-commit' }
  | { readonly kind: 'refuse'; readonly failure: Failure; readonly batch: Status | undefined };

const writesOnly = (fault: Fault): boolean => fault.kind !== 'refuse' || fault.failure.details.includes('timed out');

/** The faults that wait for their calls. */
export class Faults {
  #queue: Fault[] = [];
  #held: (() => void)[] = [];
  #stalled = false;

  /** Has a fault happen to the next so many calls. */
  add(times: number, fault: Fault): void {
    for (let left = times; left > 0; left -= 1) this.#queue.push(fault);
  }

  /** What goes wrong with the call at hand, which is used up by that. */
  take(what: 'read' | 'write'): Fault | undefined {
    const index = this.#queue.findIndex((fault) => what === 'write' || !writesOnly(fault));
    return index < 0 ? undefined : this.#queue.splice(index, 1)[0];
  }

  /** Does something now, or once the server is no longer stalled. */
  whenAwake(action: () => void): void {
    if (this.#stalled) this.#held.push(action);
    else action();
  }

  stall(): void {
    this.#stalled = true;
  }

  resume(): void {
    this.#stalled = false;
    const held = this.#held;
    this.#held = [];
    for (const action of held) action();
  }

  heal(): void {
    this.#queue = [];
    this.resume();
  }
}

/** The commands of a test over the faults of a server; `endSubscriptions` ends its open subscriptions with a status. */
export function misbehaviourOf(faults: Faults, endSubscriptions: (failure?: Failure) => void): Misbehaviour {
  const refuse = (times: number, failure: Failure, batch?: Status) => {
    faults.add(times, { kind: 'refuse', failure, batch });
  };
  return {
    stall: () => {
      faults.stall();
    },
    resume: () => {
      faults.resume();
    },
    dropBeforeCommit: (writes = 1) => {
      faults.add(writes, { kind: 'drop-before-commit' });
    },
    dropAfterCommit: (writes = 1) => {
      faults.add(writes, { kind: 'drop-after-commit' });
    },
    notLeader: (calls, host, port) => {
      refuse(calls, failures.notLeader(host, port));
    },
    tooBusy: (calls = 1) => {
      refuse(calls, failures.tooBusy(), batchFailures.tooBusy());
    },
    notReady: (calls = 1) => {
      refuse(calls, failures.notReady(), batchFailures.notReady());
    },
    timeout: (writes = 1) => {
      refuse(writes, failures.timeout(), batchFailures.timeout());
    },
    endSubscriptions: () => {
      endSubscriptions();
    },
    dropSubscriptions: () => {
      endSubscriptions(failures.dropped());
    },
    heal: () => {
      faults.heal();
    },
  };
}
