import { nameOfStore, readEnvironment } from '@faultline/config';
import { requireServers, runProgram } from '@faultline/programs';
import { startServer } from './server';

// The gateway as a program of its own: serves the API on the servers of EventStoreDB and MongoDB, beside others like it; projectors
// feed the read models.

runProgram(async () => {
  const environment = readEnvironment(process.env);
  requireServers(environment);
  const server = await startServer({ environment, projectionsRun: 'elsewhere' });
  process.stdout.write(`The gateway runs at ${server.url} (events in ${nameOfStore(environment.eventStore)})\n`);
  return server;
});
