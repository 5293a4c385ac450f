import { catchUpRow, lmdbModels, mongoDbModels } from './catch-up-bench';
import { type Effort, eventStoreRows } from './event-store-bench';
import { makeLiveLog } from './live-log';
import { type Row } from './measure';
import { lendMongoDb, nameOf, type StoreName, storeNames } from './places';

const efforts: Readonly<Record<'full' | 'quick', Effort>> = {
  full: { rounds: 5, seconds: 1, events: 20_000, rows: 10_000 },
  quick: { rounds: 1, seconds: 0.5, events: 5_000, rows: 2_000 },
};

const say = (line: string) => process.stderr.write(`${line}\n`);

/** The stores of a comma list, all of them where it is empty. */
function wanted(list: string): readonly StoreName[] {
  const names = list.split(',').filter((name) => name !== '');
  for (const name of names) {
    if (!storeNames.some((known) => known === name))
      throw new Error(`--stores knows ${storeNames.join(', ')}: ${name}`);
  }
  return names.length === 0 ? storeNames : (names as StoreName[]);
}

/** The rows of the stores; hands each to `report` as soon as it is measured, and says in one line what is not there. */
export async function storesRows(list: string, quick: boolean, report: (row: Row) => void): Promise<void> {
  const names = wanted(list);
  const effort = efforts[quick ? 'quick' : 'full'];
  const kinds = (['lmdb', 'eventstoredb'] as const).filter((kind) => names.includes(kind));
  const mongoDb = names.includes('mongodb') ? await lendMongoDb() : undefined;
  if (names.includes('mongodb') && !mongoDb) say('MongoDB is not there: set MONGODB_URL, or install java and mvn');
  const log = await makeLiveLog(effort.rows);
  try {
    // An event store that is not ours to empty is filled by the other rows.
    for (const kind of kinds) {
      const models = kind === 'lmdb' ? lmdbModels : mongoDb && mongoDbModels(mongoDb);
      const row = models && (await catchUpRow(kind, models, { log, rounds: Math.ceil(effort.rounds / 2) }));
      if (row) report(row);
      else say(`No catch-up from ${nameOf[kind]}: it needs ${models ? 'an empty log' : 'MongoDB, among the stores'}`);
    }
  } finally {
    await log.remove();
    await mongoDb?.stop();
  }
  for (const kind of kinds) for (const row of await eventStoreRows(kind, effort)) report(row);
}
