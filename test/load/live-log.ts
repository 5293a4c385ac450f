import { type EventStore, openLmdbEventStore } from '@faultline/event-store';
import { type RecordedEvent } from '@faultline/kernel';
import { ApiClient } from '../support/api-client';
import { startServerProcess } from '../support/server-process';
import { servicenowLog } from '../support/servicenow-log';
import { temporaryDirectory } from '../support/temporary';

/** Events of many incidents in the order in which they happened, and the folder with the keys that they are sealed with. */
export type LiveLog = {
  readonly events: readonly RecordedEvent[];
  readonly keys: string;
  remove(): Promise<void>;
};

/** Imports a made-up log of about so many rows; an import writes incident by incident, so the events are put in their order here. */
export async function makeLiveLog(rows: number): Promise<LiveLog> {
  const { path, remove } = await temporaryDirectory();
  const server = await startServerProcess(path);
  const api = new ApiClient(server.url);
  const id = await api.import('servicenow-audit', Buffer.from(servicenowLog(Math.ceil(rows / 5))));
  for (let state = 'running'; state === 'running';) {
    await new Promise((resume) => setTimeout(resume, 100));
    state = (await api.get<{ state: string }>(`/v1/imports/${id}`)).body.state;
  }
  await server.stop();
  const store = await openLmdbEventStore({ directory: path });
  const events: RecordedEvent[] = [];
  for await (const event of store.readAll()) events.push(event);
  await store.close();
  return { events: inLiveOrder(events), keys: path, remove };
}

/** By when they happened; those of one stream stay in their order. */
function inLiveOrder(events: readonly RecordedEvent[]): RecordedEvent[] {
  const latest = new Map<string, string>();
  const dated = events.map((event) => {
    const { occurredAt } = event.metadata;
    const before = latest.get(event.stream) ?? '';
    const at = occurredAt > before ? occurredAt : before;
    latest.set(event.stream, at);
    return { at, event };
  });
  return dated.sort((a, b) => (a.at < b.at ? -1 : Number(a.at > b.at))).map(({ event }) => event);
}

const inFlight = 256;

/** Writes events in their order, each by an append of its own, as commands would. */
export async function writeLog(store: EventStore, events: readonly RecordedEvent[]): Promise<void> {
  for (let first = 0; first < events.length; first += inFlight) {
    const appends = events
      .slice(first, first + inFlight)
      .map(({ stream, revision, id, type, data, metadata }) =>
        store.append(stream, revision === 0 ? 'no-stream' : revision - 1, [{ id, type, data, metadata }]),
      );
    await Promise.all(appends);
  }
}
