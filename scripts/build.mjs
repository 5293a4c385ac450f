// Compiles apps, libs, config and test tools to dist/ with swc. Only files newer than their output are compiled;
// outputs without a source are removed. Types are checked by `npm run types`, not here, so that a start takes seconds.
import { transformFile } from '@swc/core';
import { mkdir, readdir, rm, stat, writeFile, copyFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readFileSync } from 'node:fs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const out = join(root, 'dist');
const roots = ['apps', 'libs', 'config', 'test'];
const settings = JSON.parse(readFileSync(join(root, '.swcrc'), 'utf8'));
const aliases = JSON.parse(readFileSync(join(root, 'tsconfig.json'), 'utf8')).compilerOptions.paths;
const paths = Object.fromEntries(
  Object.entries(aliases).map(([name, targets]) => [name, targets.map((target) => join(root, target))]),
);
delete settings.$schema;
settings.jsc.baseUrl = root;
settings.jsc.paths = paths;

async function* filesBelow(folder) {
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesBelow(path);
    else yield path;
  }
}

const modified = async (path) => (await stat(path).catch(() => ({ mtimeMs: 0 }))).mtimeMs;
const settingsTime = Math.max(
  ...(await Promise.all(['.swcrc', 'tsconfig.json', 'scripts/build.mjs'].map((file) => modified(join(root, file))))),
);
const kept = new Set();

async function build(file) {
  const target = join(out, relative(root, file));
  if (file.endsWith('.json')) {
    kept.add(target);
    if ((await modified(target)) >= (await modified(file))) return 0;
    await mkdir(dirname(target), { recursive: true });
    await copyFile(file, target);
    return 1;
  }
  if (!file.endsWith('.ts') || file.endsWith('-spec.ts')) return 0;
  const script = target.replace(/\.ts$/, '.js');
  kept.add(script).add(`${script}.map`);
  if ((await modified(script)) >= Math.max(await modified(file), settingsTime)) return 0;
  const { code, map } = await transformFile(file, { ...settings, configFile: false, swcrc: false, filename: file });
  await mkdir(dirname(script), { recursive: true });
  const name = script.slice(dirname(script).length + 1);
  await writeFile(`${script}.map`, map);
  await writeFile(script, `${code}\n//# sourceMappingURL=${name}.map\n`);
  return 1;
}

const jobs = [];
for (const folder of roots) for await (const file of filesBelow(join(root, folder))) jobs.push(build(file));
await Promise.all(jobs);
for await (const file of filesBelow(out)) if (!kept.has(file)) await rm(file);
