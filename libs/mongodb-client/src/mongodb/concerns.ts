import { ReadConcern, WriteConcern } from 'mongodb';

/** Answered once a majority of the replica set has it in its journal: no change of primary takes it back. */
export const durable = new WriteConcern('majority', undefined, true);

/** Reads from the primary, and only what no change of primary takes back. */
export const latest = { readPreference: 'primary', readConcern: new ReadConcern('majority') } as const;
