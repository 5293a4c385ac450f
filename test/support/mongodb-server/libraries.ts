import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { delimiter, join, resolve } from 'node:path';
import { promisify } from 'node:util';

/** Where the server's sources are; by the working directory, since this may run compiled. */
export const sources = resolve('test/support/mongodb-server');

const cache = resolve('node_modules/.cache/faultline/mongodb-server');
const libraries = join(cache, 'mongo-java-server-1.47.0');

const isInPath = (program: string): boolean =>
  (process.env['PATH'] ?? '').split(delimiter).some((folder) => folder !== '' && existsSync(join(folder, program)));

/** Whether the server can be run here: it needs `java`, and `mvn` to fetch its libraries. */
export const canRunServer = (): boolean => isInPath('java') && (isInPath('mvn') || existsSync(libraries));

/** The folder with the server's libraries, fetched with Maven where they are not there yet. Safe to call from several processes. */
export async function fetchLibraries(): Promise<string> {
  if (existsSync(libraries)) return libraries;
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(join(cache, 'fetching-'));
  try {
    const goal = 'org.apache.maven.plugins:maven-dependency-plugin:2.8:copy-dependencies';
    const args = ['-q', '-B', '-f', join(sources, 'pom.xml'), goal, `-DoutputDirectory=${folder}`];
    await promisify(execFile)('mvn', args);
    await rename(folder, libraries);
  } catch (error) {
    // Another process was faster.
    if (!existsSync(libraries)) throw new Error(`Maven did not fetch the MongoDB server`, { cause: error });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return libraries;
}
