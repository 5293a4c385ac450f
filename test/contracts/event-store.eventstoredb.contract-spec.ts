import { type EventStore, openEventStoreDbEventStore } from '@faultline/event-store';
import { startEventStoreDbServer } from '../support/eventstoredb-server';
import { describeEventStore } from './event-store.contract';

describeEventStore('EventStoreDB, the protocol server of the tests', async () => {
  const server = await startEventStoreDbServer();
  const open = () => openEventStoreDbEventStore({ url: server.connectionString });
  const store = await open();
  let newest: EventStore = store;
  const reopen = async () => {
    await newest.close();
    await server.restart();
    newest = await open();
    return newest;
  };
  const dispose = async () => {
    await newest.close();
    await server.stop();
  };
  return { store, reopen, dispose };
});
