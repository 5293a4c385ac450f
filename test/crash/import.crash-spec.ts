import { setImmediate as turn } from 'node:timers/promises';
import { ApiClient } from '../support/api-client';
import { dumpReadModels } from '../support/read-models';
import { runFaultline, startServerProcess } from '../support/server-process';
import { servicenowLog } from '../support/servicenow-log';
import { temporaryDirectory } from '../support/temporary';

// The process is killed by SIGKILL again and again while it imports: the upload was spooled and recorded before it was accepted, one
// incident is one append, and every event's id derives from what it says, so that the next start goes on where the last one ended.

const kills = 20;
const incidents = 4_000;

type Status = {
  readonly state: string;
  readonly incidents: number;
  readonly unchanged: number;
  readonly events: number;
};
type Exported = { readonly id: string; readonly stream: string; readonly via: { readonly kind: string } };

const statusOf = async (api: ApiClient, id: string): Promise<Status> =>
  (await api.get<Status>(`/v1/imports/${id}`)).body;

/** Asks for the import's status until it is over, or has come further than `incidents` in this run of the process. */
async function watch(api: ApiClient, id: string, beyond: number): Promise<Status> {
  for (;;) {
    const status = await statusOf(api, id);
    if (status.state !== 'running' || status.incidents > beyond) return status;
    await turn();
  }
}

/** The ids of imported events, incident by incident, in the order of the log. */
async function importedEvents(directory: string): Promise<Map<string, string[]>> {
  const { status, output } = await runFaultline(directory, ['export']);
  expect(status).toBe(0);
  const streams = new Map<string, string[]>();
  for (const line of output.trimEnd().split('\n')) {
    const { id, stream, via } = JSON.parse(line) as Exported;
    if (via.kind !== 'import' || !stream.startsWith('incident-')) continue;
    streams.set(stream, [...(streams.get(stream) ?? []), id]);
  }
  return streams;
}

test('kill -9 during an import, twenty times: it goes on where it stopped, and ends as one that nothing disturbed', async () => {
  const file = Buffer.from(servicenowLog(incidents));
  const disturbed = await temporaryDirectory();
  let server = await startServerProcess(disturbed.path);
  let api = new ApiClient(server.url);
  const importId = await api.import('servicenow-audit', file);
  let killed = 0;
  for (let round = 0; round < kills; round += 1) {
    // At once, or after some of the incidents of this run: spooling, the first batch and later ones are all hit.
    const status = round % 4 === 0 ? await statusOf(api, importId) : await watch(api, importId, (round * 53) % 400);
    if (status.state === 'running') killed += 1;
    await server.kill();
    server = await startServerProcess(disturbed.path);
    api = new ApiClient(server.url);
  }
  expect(killed).toBeGreaterThan(5);
  const end = await watch(api, importId, Infinity);
  expect(end).toMatchObject({ state: 'done' });
  expect(end.incidents + end.unchanged).toBe(incidents);
  expect(await server.stop()).toBe(0);

  const undisturbed = await temporaryDirectory();
  const other = await startServerProcess(undisturbed.path);
  const otherApi = new ApiClient(other.url);
  const otherId = await otherApi.import('servicenow-audit', file);
  expect(await watch(otherApi, otherId, Infinity)).toMatchObject({ state: 'done', incidents, unchanged: 0 });
  expect(await other.stop()).toBe(0);

  const imported = await importedEvents(disturbed.path);
  const expected = await importedEvents(undisturbed.path);
  expect(imported.size).toBe(incidents);
  // Persons' ids differ between installations, and with them the ids of events that name one; how many there are does not.
  expect(countsOf(imported)).toEqual(countsOf(expected));
  const ids = [...imported.values()].flat();
  expect(new Set(ids).size).toBe(ids.length);

  const live = await dumpReadModels(disturbed.path);
  expect(live['incidents']).toHaveLength(incidents);
  expect(await runFaultline(disturbed.path, ['rebuild'])).toMatchObject({ status: 0 });
  expect(await dumpReadModels(disturbed.path)).toEqual(live);
  await disturbed.remove();
  await undisturbed.remove();
});

const countsOf = (streams: ReadonlyMap<string, readonly string[]>) =>
  new Map([...streams].map(([stream, ids]) => [stream, ids.length] as const).sort());
