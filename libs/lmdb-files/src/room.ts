import { closeSync, fsyncSync, mkdirSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const roomBytes = 256 * 1024;

/**
 * Makes a directory and finds out whether a file can be written there. LMDB maps its lock file into memory before the disk has given it
 * room, so that a full disk would end the process without a word. Throws what the file system throws.
 */
export function requireRoom(directory: string): void {
  mkdirSync(directory, { recursive: true });
  const probe = join(directory, `room-${process.pid}.tmp`);
  try {
    const file = openSync(probe, 'w');
    try {
      writeFileSync(file, Buffer.alloc(roomBytes));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  } finally {
    rmSync(probe, { force: true });
  }
}
