import { type EventStore } from '@faultline/event-store';
import { freshDatabase } from '../support/mongodb-server';
import { temporaryDirectory } from '../support/temporary';
import { type CatchUp, type CaughtUp } from './catch-up-program';
import { type Place } from './contender';
import { openStoreOf } from './contender-ours';
import { HelperProcess } from './helper-process';
import { type LiveLog, writeLog } from './live-log';
import { format, median, type Row, spread, timed } from './measure';
import { type Lent, lendPlace, nameOf } from './places';

type Models = CatchUp['models'];

/** Where models go: each call lends a place that is empty. */
export type ModelsPlace = { readonly name: string; readonly lend: () => Promise<Lent<Models>> };

/** Read models in LMDB. */
export const lmdbModels: ModelsPlace = {
  name: 'LMDB',
  lend: async () => {
    const { path, remove } = await temporaryDirectory();
    return { what: { kind: 'lmdb', directory: path }, stop: remove };
  },
};

/** Read models in a database of their own each time. */
export const mongoDbModels = ({ url, name }: { readonly url: string; readonly name: string }): ModelsPlace => ({
  name,
  lend: () => {
    const database = freshDatabase(url);
    return Promise.resolve({ what: { kind: 'mongodb', url: database.url }, stop: database.drop });
  },
});

/** All read models, from the beginning of a log in live order to its end; undefined where that event store is not empty. */
export async function catchUpRow(
  kind: Place['kind'],
  models: ModelsPlace,
  { log, rounds }: { readonly log: LiveLog; readonly rounds: number },
): Promise<Row | undefined> {
  const place = await lendPlace(kind);
  try {
    const writeMs = await filled(place.what, log);
    if (writeMs === undefined) return undefined;
    const found: CaughtUp[] = [];
    for (let round = 0; round < rounds; round += 1) found.push(await catchUp(place.what, models, log.keys));
    const perSecond = (ms: number) => (log.events.length * 1_000) / ms;
    const reads = median(found.map(({ readMs }) => perSecond(readMs)));
    const rates = found.map(({ catchUpMs }) => perSecond(catchUpMs));
    return {
      row: `projection catch-up, all read models, ${nameOf[kind]} + ${models.name}`,
      measured: `${spread(rates, 'events/s')} of ${format(log.events.length)}; read alone ${format(reads)} events/s, written with ${format(perSecond(writeMs))} appends/s`,
      goal: '≥ the rate of commands',
      ratio: median(found.map(({ readMs, catchUpMs }) => readMs / catchUpMs)),
    };
  } finally {
    await place.stop();
  }
}

/** Writes the log into an empty store; how long that took, in ms. */
async function filled(place: Place, log: LiveLog): Promise<number | undefined> {
  const store: EventStore = await openStoreOf(place);
  try {
    if ((await store.head()) !== undefined) return undefined;
    return await timed(() => writeLog(store, log.events));
  } finally {
    await store.close();
  }
}

async function catchUp(log: Place, models: ModelsPlace, keys: string): Promise<CaughtUp> {
  const lent = await models.lend();
  const helper = await HelperProcess.start('catch-up-program', {});
  try {
    return await helper.ask<CaughtUp>({ log, models: lent.what, keys } satisfies CatchUp);
  } finally {
    await helper.stop();
    await lent.stop();
  }
}
