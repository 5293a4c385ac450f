/**
 * The server as a process: `--port 0` for any free port, `--directory DIR` to keep the log. It says where it is by one
 * line, `READY esdb://…`, and ends in order when it is asked to (SIGTERM) or its standard input ends, that is with the
 * process that started it.
 */
import { parseArgs } from 'node:util';
import { startEventStoreDbServer } from './index';

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { port: { type: 'string', default: '0' }, directory: { type: 'string' } },
  });
  const server = await startEventStoreDbServer({ port: Number(values.port), directory: values.directory });
  process.stdout.write(`READY ${server.connectionString}\n`);
  const end = () => {
    void server.stop().then(() => process.exit(0));
  };
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
  process.stdin.on('end', end);
  process.stdin.resume();
}

main().catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exit(1);
});
