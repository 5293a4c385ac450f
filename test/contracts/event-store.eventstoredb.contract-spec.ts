import { type EventStore, openEventStoreDbEventStore } from '@faultline/event-store';
import { randomId } from '@faultline/kernel';
import { startEventStoreDbServer } from '../support/eventstoredb-server';
import { scopedEventStore } from '../support/scoped-event-store';
import { describeEventStore, type EventStoreUnderTest } from './event-store.contract';

const real = process.env['EVENTSTOREDB_URL'];

/** Opens the store, and again on `reopen`; `between` happens while it is closed. */
async function underTest(
  open: () => Promise<EventStore>,
  steps: { between: () => Promise<void>; after: () => Promise<void> },
): Promise<EventStoreUnderTest> {
  const store = await open();
  let newest = store;
  const reopen = async () => {
    await newest.close();
    await steps.between();
    newest = await open();
    return newest;
  };
  const dispose = async () => {
    await newest.close();
    await steps.after();
  };
  return { store, reopen, dispose };
}

beforeAll(() => {
  const present = 'EventStoreDB: the protocol server of the tests';
  const against =
    real === undefined ? `${present}; absent: a real server (EVENTSTOREDB_URL)` : `${present}, and EVENTSTOREDB_URL`;
  process.stderr.write(`${against}\n`);
});

describeEventStore('EventStoreDB, the protocol server of the tests', async () => {
  const server = await startEventStoreDbServer();
  const open = () => openEventStoreDbEventStore({ url: server.connectionString });
  return underTest(open, { between: () => server.restart(), after: () => server.stop() });
});

if (real !== undefined) {
  const nothing = () => Promise.resolve();
  describeEventStore('EventStoreDB at EVENTSTOREDB_URL', async () => {
    const prefix = `test-${randomId()}-`;
    const first = await openEventStoreDbEventStore({ url: real });
    const beginning = await first.head();
    await first.close();
    const open = async () => scopedEventStore(await openEventStoreDbEventStore({ url: real }), prefix, beginning);
    return underTest(open, { between: nothing, after: nothing });
  });
}
