import { type FileHandle, open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { StoreUnavailable } from '@faultline/kernel';
import { type BlobInfo } from '../blob-store.port';
import { Meter } from '../content';

/** A file of a blob ends in the SHA-256 of what stands before it. */
export const trailerBytes = 32;

const codeOf = (error: unknown): unknown => (error as NodeJS.ErrnoException | undefined)?.code;

/** Whether there was no such file. */
export const isMissing = (error: unknown): boolean => codeOf(error) === 'ENOENT';

/** An error of the file system as whoever calls the store knows it. */
export const unavailable = (cause: unknown): StoreUnavailable =>
  cause instanceof StoreUnavailable
    ? cause
    : new StoreUnavailable(`The blob store fails: ${cause instanceof Error ? cause.message : String(cause)}`, {
        cause,
      });

/** Runs what touches the file system. Throws StoreUnavailable. */
export async function onDisk<Result>(task: () => Promise<Result>): Promise<Result> {
  try {
    return await task();
  } catch (cause) {
    throw unavailable(cause);
  }
}

/** Writes content and trailer to a new file, durably; a failure leaves no file. */
export async function writeBlobFile(path: string, content: AsyncIterable<Uint8Array>): Promise<BlobInfo> {
  const file = await onDisk(() => open(path, 'wx', 0o600));
  try {
    const meter = new Meter();
    for await (const chunk of content) {
      meter.update(chunk);
      await onDisk(() => file.writeFile(chunk));
    }
    const info = meter.finish();
    await onDisk(async () => {
      await file.writeFile(Buffer.from(info.digest, 'hex'));
      await file.sync();
      await file.close();
    });
    return info;
  } catch (error) {
    await file.close().catch(() => undefined);
    await rm(path, { force: true }).catch(() => undefined);
    throw error;
  }
}

/** What the trailer says of an open file. */
export async function readTrailer(file: FileHandle): Promise<BlobInfo> {
  const bytes = (await file.stat()).size - trailerBytes;
  const trailer = Buffer.alloc(trailerBytes);
  // A file too short to have one is damaged: no content has this digest.
  if (bytes >= 0) await file.read(trailer, 0, trailerBytes, bytes);
  return { bytes: Math.max(0, bytes), digest: trailer.toString('hex') };
}

/** Makes durable which names a folder holds. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Makes durable that a file has this name now, also where its folder is new. */
export async function syncName(path: string): Promise<void> {
  await syncFolder(dirname(path));
  await syncFolder(dirname(dirname(path)));
}
