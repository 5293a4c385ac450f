/**
 * What the services of one node share: its log, its part in the cluster, its open calls, its faults, its users.
 *
 * Only a leader writes. A client that insists on it (`requires-leader`) is told by any other node where the leader is; for
 * one that does not, a follower passes writes on and answers reads itself, a little behind.
 */
import type { Metadata } from '@grpc/grpc-js';
import type { OpenCalls } from './calls';
import { failures, type Failure } from './errors';
import type { EventLog } from './log';
import type { Fault, Faults } from './misbehaviour';

/** A user of the database. */
export type Credentials = { readonly username: string; readonly password: string };

/** Where a node listens, and what it is. */
export type Member = {
  readonly instanceId: string;
  readonly host: string;
  readonly port: number;
  readonly isAlive: boolean;
  readonly isLeader: boolean;
};

/** One node. */
export type Node = {
  readonly log: EventLog;
  readonly calls: OpenCalls;
  readonly faults: Faults;
  readonly credentials: Credentials | undefined;
  /** This node and its peers, as gossip knows them. */
  readonly members: () => readonly Member[];
  readonly self: () => Member;
  /** Destroys the connection of a peer, given as `address:port`. */
  readonly dropConnection: (peer: string) => void;
};

/** A call's headers and where it comes from. */
export type Caller = { readonly metadata: Metadata; getPeer(): string };

/** Wrong credentials are told from absent ones: UNAUTHENTICATED here, "access denied" in `refusalOf`. */
export function authenticationFailure({ credentials }: Node, { metadata }: Caller): Failure | undefined {
  const [header] = metadata.get('authorization');
  if (credentials === undefined || header === undefined) return undefined;
  const expected = Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64');
  return header === `Basic ${expected}` ? undefined : failures.unauthenticated();
}

function leadershipFailure(node: Node, { metadata }: Caller): Failure | undefined {
  if (metadata.get('requires-leader')[0]?.toString().toLowerCase() !== 'true' || node.self().isLeader) return undefined;
  const leader = node.members().find(({ isLeader, isAlive }) => isLeader && isAlive);
  return leader === undefined
    ? failures.broken('No leader info available in response')
    : failures.notLeader(leader.host, leader.port);
}

/** Why a call on streams is refused before it is looked at, if it is. */
export function refusalOf(node: Node, caller: Caller): Failure | undefined {
  const anonymous = node.credentials !== undefined && caller.metadata.get('authorization').length === 0;
  return (
    authenticationFailure(node, caller) ??
    (anonymous ? failures.accessDenied() : undefined) ??
    leadershipFailure(node, caller)
  );
}

/** The fault that a test has in store for this call, if any; a write that is to be dropped first loses its connection. */
export function faultOf(node: Node, caller: Caller, what: 'read' | 'write'): Fault | undefined {
  const fault = node.faults.take(what);
  if (fault?.kind === 'drop-before-commit') node.dropConnection(caller.getPeer());
  return fault;
}
