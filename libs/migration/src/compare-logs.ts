import { type EventStore } from '@faultline/event-store';
import { type RecordedEvent } from '@faultline/kernel';
import { LogDigest, type LogSummary } from './log-digest';
import { MigrationRefused, named } from './migration.errors';
import { isStep } from './progress';

/** How two logs compare that are the same as far as the shorter one goes. */
export type Comparison = {
  readonly source: LogSummary;
  readonly target: LogSummary;
  /** The position, on the source, of the last event that the target has. */
  readonly reached: string | undefined;
  /** The first event of the target behind the source's last one. */
  readonly beyond: RecordedEvent | undefined;
};

type Watch = {
  /** Told each event of the source. */
  readonly onEvent?: (event: RecordedEvent) => void;
  /** Told, now and then, how many events of the source were read. */
  readonly onRead?: (events: number) => void;
};

type Logs = { readonly source: Pick<EventStore, 'readAll'>; readonly target: Pick<EventStore, 'readAll'> };

/**
 * Reads two logs side by side to the end of the source, the hash chains of both computed anew. Throws MigrationRefused at the first event
 * that differs in anything but its position.
 */
export async function compareLogs({ source, target }: Logs, { onEvent, onRead }: Watch = {}): Promise<Comparison> {
  const digests = { source: new LogDigest('the source'), target: new LogDigest('the target') };
  const other = target.readAll()[Symbol.asyncIterator]();
  let reached: string | undefined;
  let read = 0;
  let next = await other.next();
  try {
    for await (const event of source.readAll()) {
      read += 1;
      const hash = digests.source.take(event);
      if (next.done !== true) {
        checkSame(read, event, next.value);
        if (digests.target.take(next.value) !== hash) throw differs(read, event, next.value);
        reached = event.position;
        next = await other.next();
      }
      onEvent?.(event);
      if (isStep(read)) onRead?.(read);
    }
    const beyond = next.done === true ? undefined : next.value;
    return { source: digests.source.finish(), target: digests.target.finish(), reached, beyond };
  } finally {
    await other.return?.();
  }
}

function checkSame(number: number, one: RecordedEvent, other: RecordedEvent): void {
  const same = one.stream === other.stream && one.revision === other.revision && one.id === other.id;
  if (!same || one.type !== other.type) throw differs(number, one, other);
}

function differs(number: number, source: RecordedEvent, target: RecordedEvent): MigrationRefused {
  const same = named(source) === named(target);
  return new MigrationRefused(
    `The target holds a history of its own. The first difference is event ${number}: the source has ${named(source)}, ` +
      `the target ${same ? 'the same event with another content' : `has ${named(target)}`}.`,
  );
}
