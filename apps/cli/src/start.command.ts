import { readEnvironment } from '@faultline/config';
import { type RunningServer, startServer } from '@faultline/gateway';
import { surviveFailedCommits } from '@faultline/lmdb-files';
import { version } from './version';

/** Runs the platform until a signal ends it. */
export async function start(): Promise<void> {
  const environment = readEnvironment(process.env);
  surviveFailedCommits();
  const began = Date.now();
  const server = await startServer({ environment });
  const { directory } = environment.eventStore;
  const seconds = ((Date.now() - began) / 1_000).toFixed(1);
  process.stdout.write(`Faultline ${version} runs at ${server.url} (ready in ${seconds} s, data in ${directory})\n`);
  process.stdout.write(welcome(server, environment.adminKey !== undefined));
  closeOnSignal(server);
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

/** The first signal ends the server in order, a second one at once. */
function closeOnSignal(server: RunningServer): void {
  let closing = false;
  const close = (signal: NodeJS.Signals) => {
    if (closing) process.exit(1);
    closing = true;
    process.stdout.write(`${signal}: finishing what was begun\n`);
    server.close().then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`faultline: could not end in order: ${String(error)}\n`);
        process.exit(1);
      },
    );
  };
  process.on('SIGINT', close).on('SIGTERM', close);
}
