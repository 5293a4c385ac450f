import { randomBytes } from 'node:crypto';
import { MongoClient } from 'mongodb';
import { canRunServer } from './libraries';
import { startMongoDbServer } from './server';

/** A server to run tests against; `stop` ends it where it was started for them. */
export type MongoDbForTests = { readonly url: string; readonly stop: () => Promise<void> };

const wanted = process.env['MONGODB_URL'] || undefined;
const java = 'mongo-java-server 1.47.0';

/** Whether it is there; throws where it is not and FAULTLINE_REQUIRE_SERVERS says that it must be. */
function isThere(available: boolean): boolean {
  if (available || process.env['FAULTLINE_REQUIRE_SERVERS'] !== '1') return available;
  throw new Error('MongoDB is required here: install java and mvn, or set MONGODB_URL');
}

/** The server of MONGODB_URL, else one that is started here; undefined where neither is there and none is required. */
export async function mongoDbForTests(): Promise<MongoDbForTests | undefined> {
  if (!isThere(wanted !== undefined || canRunServer())) return undefined;
  return wanted === undefined ? startMongoDbServer() : { url: wanted, stop: () => Promise.resolve() };
}

/** Declares a suite, or one test that says that it did not run, and prints in one line which. */
function declareSuite(title: string, { runs, where }: { runs: boolean; where: string }, declare: () => void): void {
  const outcome = runs ? `runs against ${where}` : `did not run: ${where} is not there`;
  process.stdout.write(`${title}: ${outcome}\n`);
  describe(title, () => {
    if (runs) declare();
    else {
      it(outcome, () => {
        expect(runs).toBe(false);
      });
    }
  });
}

/**
 * Declares tests that need MongoDB, with one server for all of them. `url` may be called within tests and hooks; `isJava` says that
 * it is the server of this folder.
 */
export function describeWithMongoDb(title: string, declare: (url: () => string, isJava: boolean) => void): void {
  const runs = isThere(wanted !== undefined || canRunServer());
  const absent = 'a MongoDB (MONGODB_URL, or java and mvn)';
  const where = wanted === undefined ? java : 'the server of MONGODB_URL';
  declareSuite(title, { runs, where: runs ? where : absent }, () => {
    let server: MongoDbForTests | undefined;
    beforeAll(async () => {
      server = await mongoDbForTests();
    });
    afterAll(() => server?.stop());
    declare(() => server?.url ?? '', wanted === undefined);
  });
}

/** Declares tests that start servers of their own, to do them harm. */
export function describeMongoDbFaults(title: string, declare: () => void): void {
  const runs = isThere(canRunServer());
  declareSuite(title, { runs, where: runs ? java : `${java} (java and mvn)` }, declare);
}

const parts = /^(mongodb(?:\+srv)?:\/\/[^/?]+)(?:\/([^?]*))?(?:\?(.*))?$/;

/** The same server's URL with a database name that no other test has; `drop` removes the database. */
export function freshDatabase(url: string): {
  readonly url: string;
  readonly name: string;
  readonly drop: () => Promise<void>;
} {
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
