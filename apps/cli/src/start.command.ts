import { nameOfStore, readEnvironment } from '@faultline/config';
import { type RunningServer, startServer } from '@faultline/gateway';
import { surviveFailedCommits } from '@faultline/lmdb-files';
import { endOnSignal } from '@faultline/programs';
import { version } from './version';

/** Runs the platform until a signal ends it. */
export async function start(): Promise<void> {
  const environment = readEnvironment(process.env);
  surviveFailedCommits();
  const began = Date.now();
  const starting: { server?: RunningServer } = {};
  endOnSignal(() => starting.server);
  const server = await startServer({ environment });
  starting.server = server;
  const seconds = ((Date.now() - began) / 1_000).toFixed(1);
  const where = nameOfStore(environment.eventStore);
  process.stdout.write(`Faultline ${version} runs at ${server.url} (ready in ${seconds} s, data in ${where})\n`);
  process.stdout.write(welcome(server, environment.adminKey !== undefined));
}

function welcome({ url, firstKey }: RunningServer, preset: boolean): string {
  const variable = preset ? 'FAULTLINE_ADMIN_KEY' : 'FAULTLINE_API_KEY';
  const key = firstKey === undefined ? '' : `\nThe administrator's key, shown this once:\n  ${firstKey}\n`;
  const put = preset ? '' : `  export FAULTLINE_API_KEY=${firstKey ?? '<your key>'}\n`;
  return `${key}
Try next:
${put}  curl ${url}/v1/incidents -H "authorization: Bearer $${variable}" -H 'content-type: application/json' \\
       -d '{"title":"The VPN does not connect","impact":2,"urgency":2,"team":"service-desk"}'
  curl ${url}/v1/queues -H "authorization: Bearer $${variable}"
  npm run faultline -- import FILE --format servicenow-audit
  Everything else: README.md
`;
}
