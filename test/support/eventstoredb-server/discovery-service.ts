/**
 * What a client asks before it does anything else.
 *
 * Gossip: which nodes there are, where, and which leads. A client with several hosts, or with `esdb+discover://`, asks any
 * of them and connects to the one it prefers; a client with one host asks nothing. Server features: which calls the server
 * knows, in lower case. A client appends through BatchAppend only where it finds it there. Neither needs credentials.
 */
import type { sendUnaryData, ServerUnaryCall } from '@grpc/grpc-js';
import { ClusterInfo, EndPoint, MemberInfo } from '@eventstore/db-client/generated/gossip_pb';
import { SupportedMethod, SupportedMethods } from '@eventstore/db-client/generated/serverfeatures_pb';
import type { Empty } from '@eventstore/db-client/generated/shared_pb';
import { uuidMessage } from './messages';
import { authenticationFailure, type Member, type Node } from './node';

const { VNodeState } = MemberInfo;

/** The version that this server claims to be. */
export const serverVersion = '24.10.0';

const methods: readonly { readonly service: string; readonly method: string; readonly features: string[] }[] = [
  { service: 'event_store.client.streams.streams', method: 'read', features: ['position', 'events'] },
  { service: 'event_store.client.streams.streams', method: 'append', features: [] },
  { service: 'event_store.client.streams.streams', method: 'delete', features: [] },
  { service: 'event_store.client.streams.streams', method: 'tombstone', features: [] },
  { service: 'event_store.client.streams.streams', method: 'batchappend', features: ['deadline_duration'] },
  { service: 'event_store.client.gossip.gossip', method: 'read', features: [] },
  { service: 'event_store.client.server_features.serverfeatures', method: 'getsupportedmethods', features: [] },
];

/** Answers which calls there are. */
export function supportedMethods(
  node: Node,
  call: ServerUnaryCall<Empty, SupportedMethods>,
  callback: sendUnaryData<SupportedMethods>,
): void {
  const list = methods.map(({ service, method, features }) =>
    new SupportedMethod().setServiceName(service).setMethodName(method).setFeaturesList(features),
  );
  const answer = new SupportedMethods().setMethodsList(list).setEventStoreServerVersion(serverVersion);
  node.faults.whenAwake(() => {
    callback(authenticationFailure(node, call) ?? null, answer);
  });
}

/** Answers which nodes there are. */
export function gossip(
  node: Node,
  call: ServerUnaryCall<Empty, ClusterInfo>,
  callback: sendUnaryData<ClusterInfo>,
): void {
  node.faults.whenAwake(() => {
    const answer = new ClusterInfo().setMembersList(node.members().map((member) => memberInfo(member)));
    callback(authenticationFailure(node, call) ?? null, answer);
  });
}

function memberInfo({ instanceId, host, port, isAlive, isLeader }: Member): MemberInfo {
  return new MemberInfo()
    .setInstanceId(uuidMessage(instanceId, true))
    .setTimeStamp(`${Date.now()}0000`)
    .setState(isLeader ? VNodeState.LEADER : VNodeState.FOLLOWER)
    .setIsAlive(isAlive)
    .setHttpEndPoint(new EndPoint().setAddress(host).setPort(port));
}
