import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type ReadableStream } from 'node:stream/web';
import { type ServerOptions, withApi } from './connection';
import { UserError } from './explain';

type ExportOptions = ServerOptions & { readonly out?: string; readonly from?: string };

/** Writes events as NDJSON, to a file or to standard output. */
export async function exportEvents({ out, from, ...options }: ExportOptions): Promise<void> {
  await withApi(options, async (api) => {
    const query = from === undefined ? '' : `?${new URLSearchParams({ from }).toString()}`;
    const { body } = await api.send(`/v1/audit/events${query}`);
    if (!body) throw new UserError('the server answered nothing');
    const events = Readable.fromWeb(body as ReadableStream<Uint8Array>);
    if (out === undefined) await pipeline(events, process.stdout, { end: false });
    else await pipeline(events, createWriteStream(out));
  });
}
