import { type Decider, type EventSchemas } from '@faultline/kernel';

/** One command was asked of many incidents. Recorded before the first of them is changed: whoever looks for what came of it looks here. */
export type BulkRequested = {
  readonly type: 'BulkRequested';
  readonly data: {
    /** The command's name in the API. */
    readonly command: string;
    /** The ids of the incidents, in the order in which they were given. */
    readonly incidents: readonly string[];
  };
};

export type RequestBulk = { readonly type: 'RequestBulk' } & BulkRequested['data'];

/** What was asked; null before it was. */
export type BulkState = BulkRequested['data'] | null;

export const bulkEventSchemas: EventSchemas<BulkRequested['type']> = { BulkRequested: { version: 1 } };

/** The stream of a bulk, by the correlation id that all its events share. */
export const bulkStream = (correlationId: string): string => `bulk-${correlationId}`;

/** The domain of a bulk: it is asked for once. */
export const bulkDecider: Decider<BulkState, RequestBulk, BulkRequested> = {
  initialState: () => null,
  decide: ({ command, incidents }, bulk) => (bulk ? [] : [{ type: 'BulkRequested', data: { command, incidents } }]),
  evolve: (_bulk, { data }) => data,
};
