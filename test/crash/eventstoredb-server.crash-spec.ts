import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { temporaryDirectory } from '../support/temporary';

const main = resolve('dist/test/support/eventstoredb-server/main.js');

/** Starts the protocol server as a process, and says where it is. */
async function startProcess(directory: string, port: string) {
  const child = spawn(process.execPath, [main, '--port', port, '--directory', directory], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const url = /^READY (esdb:\/\/\S+)\n/.exec(line.toString())?.[1];
  if (url === undefined) throw new Error(`The server said: ${line.toString()}`);
  return { child, url, port: new URL(url).port };
}

async function ended(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.exitCode;
}

it('loses nothing that it acknowledged when it is killed under 64 writers, and leaves no gap', async () => {
  const { path, remove } = await temporaryDirectory();
  let server = await startProcess(path, '0');
  const client = EventStoreDBClient.connectionString(server.url);
  const acknowledged = new Map<string, bigint>();
  for (let round = 0; round < 3; round += 1) {
    const { child } = server;
    let appended = 0;
    const writers = Array.from({ length: 64 }, async (_, writer) => {
      const stream = `writer-${round}-${writer}`;
      for (;;) {
        const { nextExpectedRevision } = await client.appendToStream(stream, jsonEvent({ type: 'Written', data: {} }));
        acknowledged.set(stream, nextExpectedRevision);
        if ((appended += 1) === 500) child.kill('SIGKILL');
      }
    });
    await Promise.allSettled(writers);
    await ended(child);
    server = await startProcess(path, server.port);
  }
  const reader = EventStoreDBClient.connectionString(server.url);
  expect(acknowledged.size).toBe(3 * 64);
  for (const [stream, last] of acknowledged) {
    let next = 0n;
    for await (const { event } of reader.readStream(stream)) expect(event?.revision).toBe(next++);
    expect(next).toBeGreaterThan(last);
  }
  await Promise.all([client.dispose(), reader.dispose()]);
  server.child.stdin.end();
  expect(await ended(server.child)).toBe(0);
  await remove();
});
