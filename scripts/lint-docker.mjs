// Checks docker/ as far as that goes without Docker: the compose files by dclint (the schema of the Compose specification and its
// rules), the Dockerfile by hadolint and the scripts by shellcheck where those two are installed; says so where they are not.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const scripts = readdirSync('docker', { recursive: true })
  .filter((name) => name.endsWith('.sh'))
  .map((name) => join('docker', name));
const optional = [
  ['hadolint', ['docker/Dockerfile']],
  ['shellcheck', scripts],
];

function run(command, args) {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit' });
  if (error?.code === 'ENOENT') return undefined;
  if (error) throw error;
  return status === 0;
}

let passed = run(process.execPath, ['node_modules/dclint/bin/dclint.cjs', '-c', 'config/dclint.json', 'docker']);
for (const [command, args] of optional) {
  const result = run(command, args);
  if (result === undefined) console.log(`lint:docker: ${command} is not installed, ${args.join(', ')} not checked`);
  passed &&= result !== false;
}
process.exitCode = passed ? 0 : 1;
