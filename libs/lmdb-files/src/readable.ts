import { spawnSync } from 'node:child_process';
import { dirname } from 'node:path';

// Reads every page of every table. What is missing from the file ends this program by a signal.
const reader = `
const { open } = require(process.argv[1]);
const binary = { encoding: 'binary', keyEncoding: 'binary' };
const root = open({ path: process.argv[2], readOnly: true, maxDbs: 64, mapSize: 2 ** 36, ...binary });
for (const name of root.getKeys()) {
  const table = root.openDB({ name: name.toString(), ...binary });
  for (const { key, value } of table.getRange({})) if (key === value) process.exit(2);
}
process.exit(0);
`;

/** Whether every page of an LMDB file can be read, found out in a process of its own, since one that is missing ends the process. */
export function isReadable(file: string): boolean {
  const lmdb = require.resolve('lmdb');
  const { status } = spawnSync(process.execPath, ['-e', reader, lmdb, dirname(file)], { stdio: 'ignore' });
  return status === 0;
}
