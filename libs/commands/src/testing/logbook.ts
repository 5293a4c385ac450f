import {
  type Actor,
  type Clock,
  conflict,
  type Decider,
  type EventEnvelope,
  type EventSchemas,
  ManualClock,
  type NewEvent,
  randomId,
} from '@faultline/kernel';
import { type EventStore } from '@faultline/event-store';
import { type KeyStore } from '@faultline/key-store';
import { type Aggregate, type CommandEnvelope, CommandRuntime } from '../command-runtime';
import { EventCodec } from '../event-codec';

// A domain small enough to be read at a glance: a logbook is opened, lines are written into it, it is closed.

export type LogbookCommand =
  | { readonly type: 'OpenLogbook'; readonly title: string }
  | { readonly type: 'WriteLines'; readonly texts: readonly string[] }
  | { readonly type: 'CloseLogbook' };

export type LogbookEvent =
  | { readonly type: 'LogbookOpened'; readonly data: { readonly title: string; readonly pages: number } }
  | { readonly type: 'LineWritten'; readonly data: { readonly text: string; readonly number: number } }
  | { readonly type: 'LogbookClosed'; readonly data: { readonly at: string } };

export type Line = { readonly text: string; readonly number: number; readonly at: string; readonly reason: unknown };

export type Logbook = {
  readonly state: 'absent' | 'open' | 'closed';
  readonly lines: readonly Line[];
};

/** How many lines a logbook takes. */
export type LogbookFacts = { readonly lines: number };

export const logbookSchemas: EventSchemas = {
  LogbookOpened: {
    version: 2,
    upcasters: { 1: (data: { title: string }) => ({ ...data, pages: 100 }) },
  },
  LineWritten: { version: 1, personal: ['text'] },
  LogbookClosed: { version: 1 },
};

const decider: Decider<Logbook, LogbookCommand, LogbookEvent, LogbookFacts> = {
  initialState: () => ({ state: 'absent', lines: [] }),
  decide: (command, { state, lines }, { facts, now }) => {
    switch (command.type) {
      case 'OpenLogbook':
        return state === 'absent' ? [{ type: 'LogbookOpened', data: { title: command.title, pages: 100 } }] : [];
      case 'WriteLines':
        if (state !== 'open') throw conflict('logbook.not-open', 'The logbook is not open');
        if (lines.length + command.texts.length > facts.lines) throw conflict('logbook.full', 'The logbook is full');
        return command.texts.map((text, index) => ({
          type: 'LineWritten',
          data: { text, number: lines.length + 1 + index },
        }));
      case 'CloseLogbook':
        return state === 'open' ? [{ type: 'LogbookClosed', data: { at: now } }] : [];
    }
  },
  evolve: (logbook, event, envelope) => {
    switch (event.type) {
      case 'LogbookOpened':
        return { ...logbook, state: 'open' };
      case 'LineWritten':
        return { ...logbook, lines: [...logbook.lines, lineOf(event.data, envelope)] };
      case 'LogbookClosed':
        return { ...logbook, state: 'closed' };
    }
  },
};

const lineOf = (data: { text: string; number: number }, { metadata }: EventEnvelope): Line => ({
  ...data,
  at: metadata.occurredAt,
  reason: metadata.reason ?? null,
});

export const logbookAggregate: Aggregate<Logbook, LogbookCommand, LogbookEvent, LogbookFacts> = {
  name: 'logbook',
  decider,
  subject: (_state, _events, actor) => actor.id,
};

export const mate: Actor = { id: 'person-mate', kind: 'person' };

/** The envelope of a command by the mate, with an id of its own. */
export const envelopeOf = (more: Partial<CommandEnvelope> = {}): CommandEnvelope => ({
  commandId: randomId(),
  actor: mate,
  via: { kind: 'api-key', id: 'key-1' },
  correlationId: 'correlation-1',
  ...more,
});

/** A runtime over the given stores, as a process has one. */
export class LogbookDesk {
  readonly codec: EventCodec;
  readonly runtime: CommandRuntime;

  constructor(
    store: EventStore,
    keys: KeyStore,
    readonly clock: Clock = new ManualClock(),
  ) {
    this.codec = new EventCodec(logbookSchemas, keys);
    this.runtime = new CommandRuntime({ store, codec: this.codec, keys, clock });
  }

  execute(stream: string, command: LogbookCommand, more: Partial<CommandEnvelope> & { lines?: number } = {}) {
    const { lines = 1_000, ...envelope } = more;
    return this.runtime.execute(logbookAggregate, stream, {
      command,
      envelope: envelopeOf(envelope),
      facts: { lines },
    });
  }

  open(stream: string, more: Partial<CommandEnvelope> = {}) {
    return this.execute(stream, { type: 'OpenLogbook', title: 'Aurora' }, more);
  }

  write(stream: string, texts: readonly string[], more: Partial<CommandEnvelope> & { lines?: number } = {}) {
    return this.execute(stream, { type: 'WriteLines', texts }, more);
  }

  load(stream: string) {
    return this.runtime.load(logbookAggregate, stream);
  }
}

/** An event that another writer, who knows nothing of runtimes, puts into the log. */
export const foreignEvent = (
  type: string,
  data: NewEvent['data'],
  more: Partial<NewEvent['metadata']> = {},
): NewEvent => ({
  id: randomId(),
  type,
  data,
  metadata: {
    recordedAt: '2026-01-01T00:00:00.000Z',
    occurredAt: '2026-01-01T00:00:00.000Z',
    actor: mate,
    via: { kind: 'system' },
    $correlationId: 'correlation-of-another',
    $causationId: 'causation-of-another',
    commandId: randomId(),
    schemaVersion: 1,
    hash: 'f'.repeat(64),
    ...more,
  },
});

/** Everything that a stream holds, as the log holds it. */
export async function recorded(store: EventStore, stream: string) {
  const events = [];
  for await (const event of store.readStream(stream)) events.push(event);
  return events;
}
