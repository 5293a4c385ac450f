import { type NewEvent, randomId } from '@faultline/kernel';

/** Which store, and where it is. */
export type Place =
  { readonly kind: 'lmdb'; readonly directory: string } | { readonly kind: 'eventstoredb'; readonly url: string };

/** What is compared: the adapter behind the port, or what the driver does with the same events when used alone. */
export type Side = 'ours' | 'bare';

/** Events that were written for reading: `count` of them in streams that begin with `prefix`, behind the position `from`. */
export type Written = { readonly prefix: string; readonly count: number; readonly from: string | undefined };

/** One side of a comparison; all sides write the same events and hand over the same objects. */
export type Contender = {
  /** Appends one event to a stream that is not there yet; resolves once it is durable. */
  append(stream: string): Promise<unknown>;
  /** The end of the log. */
  head(): Promise<string | undefined>;
  /** Reads the log until everything of `written` has come. */
  read(written: Written): Promise<void>;
  /** Follows the log from `written.from` on until everything of `written` has come. */
  subscribe(written: Written): Promise<void>;
};

/** An event of the size that events of incidents have: 450 bytes of JSON beside its metadata. */
export const sampleEvent = (): NewEvent => ({
  id: randomId(),
  type: 'Measured',
  data: {
    text: 'The certificate of the gateway has expired; a new one was asked for and is on its way. '.repeat(4),
    visibility: 'internal',
    author: 'somebody',
    state: { from: 'active', to: 'awaiting-caller' },
  },
  metadata: {
    recordedAt: '2026-01-01T00:00:00.000Z',
    occurredAt: '2026-01-01T00:00:00.000Z',
    actor: { id: '0197a2c4-0000-7000-8000-000000000001', kind: 'person' },
    via: { kind: 'api-key', id: '0197a2c4-0000-7000-8000-000000000002' },
    $correlationId: '0197a2c4-0000-7000-8000-000000000003',
    $causationId: '0197a2c4-0000-7000-8000-000000000003',
    commandId: '0197a2c4-0000-7000-8000-000000000003',
    schemaVersion: 1,
    hash: 'a'.repeat(64),
  },
});

/** Counts what of `written` has come. */
export class Counted {
  private left: number;

  constructor(private readonly written: Written) {
    this.left = written.count;
  }

  /** Takes an event in by its stream; answers whether that was the last one. */
  isLast(stream: string | undefined): boolean {
    if (stream?.startsWith(this.written.prefix)) this.left -= 1;
    return this.left <= 0;
  }
}
