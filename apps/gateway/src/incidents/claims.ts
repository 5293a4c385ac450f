import { createHmac } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { type Aggregate, type CommandEnvelope, CommandRuntime } from '@faultline/commands';
import {
  type ClaimExternalKey,
  type ExternalKeyClaimed,
  externalKeyDecider,
  type ExternalKeyState,
  incidentIdOf,
} from '@faultline/incidents';
import { conflict, deriveId } from '@faultline/kernel';
import { type KeyStore } from '@faultline/key-store';
import { KEY_STORE } from '../platform/tokens';

const externalKeys: Aggregate<ExternalKeyState, ClaimExternalKey, ExternalKeyClaimed> = {
  name: 'external',
  decider: externalKeyDecider,
  subject: (_state, _events, actor) => actor.id,
};

/** Keys from outside that name an incident: over all processes by a stream for each key, in this one also while a request is answered. */
@Injectable()
export class Claims {
  private readonly running = new Set<string>();

  constructor(
    @Inject(CommandRuntime) private readonly runtime: CommandRuntime,
    @Inject(KEY_STORE) private readonly keys: KeyStore,
  ) {}

  /** The stream that says which incident a key names; the key cannot be guessed back from it. */
  streamOf(kind: 'request' | 'external-key', value: string): string {
    const hash = createHmac('sha256', this.keys.installationSecret)
      .update(JSON.stringify([kind, value]))
      .digest('hex');
    return `external-${hash}`;
  }

  /** The number of the incident that a claim's stream names; null before the first claim. */
  async holder(stream: string): Promise<string | null> {
    return (await this.runtime.load(externalKeys, stream)).state.number;
  }

  /** Claims for `number` what nobody holds, or the holder who is `supersedes`; answers the number that holds it then. */
  async claim(
    stream: string,
    { number, supersedes }: { readonly number: string; readonly supersedes: string | null },
    envelope: CommandEnvelope,
  ): Promise<string | null> {
    const command = { type: 'ClaimExternalKey', incident: incidentIdOf(number), number, supersedes } as const;
    const commandId = deriveId(envelope.commandId, stream, number);
    const request = { command, envelope: { ...bare(envelope), commandId }, facts: undefined };
    return (await this.runtime.execute(externalKeys, stream, request)).state.number;
  }

  /** The same command twice at once, in this process: the second is told to wait for the first one's answer. */
  async alone<Result>({ commandId }: CommandEnvelope, task: () => Promise<Result>): Promise<Result> {
    if (this.running.has(commandId)) {
      throw conflict('idempotency.in-progress', 'A request with this Idempotency-Key is being answered');
    }
    this.running.add(commandId);
    try {
      return await task();
    } finally {
      this.running.delete(commandId);
    }
  }
}

/** The envelope without what binds it to the incident's own stream. */
function bare(envelope: CommandEnvelope): CommandEnvelope {
  const { expectedRevision: _revision, occurredAt: _occurredAt, commandDigest: _digest, ...rest } = envelope;
  return rest;
}
