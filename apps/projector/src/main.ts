import { nameOfStore, readEnvironment } from '@faultline/config';
import { requireServers, runProgram } from '@faultline/programs';
import { startProjector } from './projector';

// The projector as a program of its own: reads the log of EventStoreDB and feeds the read models in MongoDB, beside others like it.

runProgram(async () => {
  const environment = readEnvironment(process.env);
  requireServers(environment);
  const projector = await startProjector({ environment });
  process.stdout.write(`The projector runs at ${projector.url} (models in ${nameOfStore(environment.readStore)})\n`);
  return projector;
});
