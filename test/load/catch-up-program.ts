import { openFileKeyStore } from '@faultline/key-store';
import { systemClock } from '@faultline/kernel';
import { openLmdbReadStore, openMongoDbReadStore } from '@faultline/read-store';
import { projections, ReadSideHost, shareOf } from '@faultline/read-side';
import { until } from '../support/until';
import { type Place } from './contender';
import { openStoreOf } from './contender-ours';
import { timed } from './measure';

// A process that feeds every read model from the beginning of a log. It answers one message, with what it measured.

/** Where the log is, where the models go, and the folder with the keys of the log. */
export type CatchUp = {
  readonly log: Place;
  readonly models:
    { readonly kind: 'lmdb'; readonly directory: string } | { readonly kind: 'mongodb'; readonly url: string };
  readonly keys: string;
};

/** How many events there are, and how long it took to read them all, and to feed all models with them, in ms. */
export type CaughtUp = { readonly events: number; readonly readMs: number; readonly catchUpMs: number };

async function catchUp({ log, models, keys: directory }: CatchUp): Promise<CaughtUp> {
  const events = await openStoreOf(log);
  const keys = await openFileKeyStore({ directory, readOnly: true });
  const documents = await (models.kind === 'lmdb' ? openLmdbReadStore(models) : openMongoDbReadStore(models));
  let count = 0;
  const readMs = await timed(async () => {
    for await (const event of events.readAll()) count += event.revision < 0 ? 0 : 1;
  });
  const end = (await events.head()) ?? '';
  let failure: string | undefined;
  const onTrouble = (message: string) => (failure ??= message);
  const services = { events, documents, keys, clock: systemClock, onTrouble };
  const run = models.kind === 'lmdb' ? embedded : shared;
  const catchUpMs = await run(services, end, () => failure);
  for (const store of [documents, keys, events]) await store.close();
  return { events: count, readMs, catchUpMs };
}

type Services = Parameters<typeof shareOf>[0];

/** As `npm start` does it. */
async function embedded(services: Omit<Services, 'owner'>, end: string): Promise<number> {
  const host = new ReadSideHost(services);
  const ms = await timed(async () => {
    await host.start();
    await host.reached(end);
  });
  await host.stop();
  return ms;
}

/** As a projector does it that is alone. */
async function shared(
  services: Omit<Services, 'owner'>,
  end: string,
  failure: () => string | undefined,
): Promise<number> {
  const share = shareOf({ ...services, owner: 'bench' });
  const ms = await timed(async () => {
    share.start();
    await until(async () => {
      const trouble = failure();
      if (trouble !== undefined) throw new Error(trouble);
      await new Promise((resume) => setTimeout(resume, 5));
      return share.models.length === projections.length && share.host.position >= end;
    });
  });
  await share.stop();
  return ms;
}

process.on('message', (task: CatchUp) => {
  catchUp(task).then(
    (answer) => process.send?.({ answer }),
    (error: unknown) => process.send?.({ error: error instanceof Error ? error.stack : String(error) }),
  );
});
process.on('disconnect', () => process.exit(0));
process.send?.({ answer: 'ready' });
