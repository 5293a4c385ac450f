import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { invalid } from '@faultline/kernel';
import { systemCode } from '../system-code';

/** How the bytes travel, by HTTP's `content-encoding`; null if nobody said. */
export type ContentEncoding = 'gzip' | 'identity' | null;

const pieceBytes = 64 * 1024;

/**
 * The plain bytes of a file, in pieces of at most 64 KiB: unpacked where the content encoding says gzip, and again where the content
 * itself begins with gzip's first bytes (1f 8b). Throws `import.not-gzip`, `import.truncated` or `import.damaged`.
 */
export async function* plainBytes(
  source: AsyncIterable<Uint8Array>,
  encoding: ContentEncoding,
): AsyncGenerator<Buffer> {
  const decoded = encoding === 'gzip' ? gunzip(source) : source;
  const { beginsAsGzip, bytes } = await peek(decoded);
  for await (const chunk of beginsAsGzip ? gunzip(bytes) : bytes) {
    const buffer = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    for (let start = 0; start < buffer.length; start += pieceBytes) yield buffer.subarray(start, start + pieceBytes);
  }
}

async function peek(source: AsyncIterable<Uint8Array>) {
  const iterator = source[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  while (head.length < 2) {
    const next = await iterator.next();
    if (next.done) break;
    head = Buffer.concat([head, next.value]);
  }
  async function* bytes(): AsyncGenerator<Uint8Array> {
    try {
      yield head;
      for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value;
    } finally {
      await iterator.return?.();
    }
  }
  return { beginsAsGzip: head.length >= 2 && head.readUInt16BE(0) === 0x1f8b, bytes: bytes() };
}

async function* gunzip(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const stream = createGunzip({ chunkSize: pieceBytes });
  const failure: { cause?: unknown } = {};
  pipeline(guarded(source, failure), stream, () => undefined);
  try {
    for await (const chunk of stream) yield chunk as Buffer;
  } catch (error) {
    throw failure.cause ?? explain(error);
  }
}

/** Remembers what the source itself failed with, which is no fault of the compression. */
async function* guarded(source: AsyncIterable<Uint8Array>, failure: { cause?: unknown }): AsyncGenerator<Uint8Array> {
  try {
    yield* source;
  } catch (error) {
    failure.cause = error;
    throw error;
  }
}

function explain(error: unknown): unknown {
  const code = systemCode(error);
  if (code === 'Z_BUF_ERROR') return invalid('import.truncated', 'The compressed file ends too early');
  if (code !== 'Z_DATA_ERROR') return error;
  const { message } = error as Error;
  return message === 'incorrect header check'
    ? invalid('import.not-gzip', 'The file is not compressed with gzip')
    : invalid('import.damaged', `The compressed file is damaged: ${message}`);
}
