import { randomBytes } from 'node:crypto';
import { MongoClient } from 'mongodb';
import { canRunServer } from './libraries';
import { startMongoDbServer } from './server';

/** A server to run tests against; `stop` ends it where it was started for them. */
export type MongoDbForTests = { readonly url: string; readonly stop: () => Promise<void> };

const wanted = process.env['MONGODB_URL'] || undefined;

/** Whether there will be a server: throws where there is none and FAULTLINE_REQUIRE_SERVERS says that there must be. */
function hasServer(): boolean {
  if (wanted !== undefined || canRunServer()) return true;
  if (process.env['FAULTLINE_REQUIRE_SERVERS'] !== '1') return false;
  throw new Error('MongoDB is required here: set MONGODB_URL, or install java and mvn');
}

/** The server of MONGODB_URL, else one that is started here; undefined where neither is there and none is required. */
export async function mongoDbForTests(): Promise<MongoDbForTests | undefined> {
  if (!hasServer()) return undefined;
  return wanted === undefined ? startMongoDbServer() : { url: wanted, stop: () => Promise.resolve() };
}

/**
 * Declares tests that need MongoDB, with one server for all of them, and prints in one line what they run against, or that they do
 * not run. `url` may be called within tests and hooks; `isJava` says that it is the server that this folder starts.
 */
export function describeWithMongoDb(title: string, declare: (url: () => string, isJava: boolean) => void): void {
  const against = wanted === undefined ? 'mongo-java-server 1.47.0' : 'the server of MONGODB_URL';
  const absence = 'did not run: there is neither MONGODB_URL nor java and mvn';
  const available = hasServer();
  process.stdout.write(`${title}: ${available ? `runs against ${against}` : absence}\n`);
  describe(title, () => {
    if (!available) {
      it(absence, () => {
        expect(hasServer()).toBe(false);
      });
      return;
    }
    let server: MongoDbForTests | undefined;
    beforeAll(async () => {
      server = await mongoDbForTests();
    });
    afterAll(() => server?.stop());
    declare(() => server?.url ?? '', wanted === undefined);
  });
}

const parts = /^(mongodb(?:\+srv)?:\/\/[^/?]+)(?:\/([^?]*))?(?:\?(.*))?$/;

/** The same server's URL with a database name that no other test has; `drop` removes the database. */
export function freshDatabase(url: string): { readonly url: string; readonly name: string; drop(): Promise<void> } {
  const [, server, path, query] = parts.exec(url) ?? [];
  if (server === undefined) throw new Error('MONGODB_URL is no URL of MongoDB');
  const name = `faultline-test-${randomBytes(6).toString('hex')}`;
  const parameters = new URLSearchParams(query);
  // Users are looked up in the database of the URL where nothing else is said.
  if (server.includes('@') && !parameters.has('authSource')) parameters.set('authSource', path || 'admin');
  const drop = async () => {
    const client = new MongoClient(url);
    await client.db(name).dropDatabase();
    await client.close();
  };
  return { url: `${server}/${name}?${parameters.toString()}`, name, drop };
}
