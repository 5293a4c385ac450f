import { type Connection } from './connection-string';
import { Driver } from './eventstoredb.driver';

/** A client that can be given up and made anew; never before its predecessor is gone. */
export class ReplaceableClient {
  private driver: Driver | undefined;
  private gone: Promise<void> = Promise.resolve();

  constructor(private readonly connection: Connection) {}

  /** The client at present, made where there is none; waits until the last one is gone. */
  async current(): Promise<Driver> {
    if (this.driver) return this.driver;
    let latest: Promise<void>;
    do {
      latest = this.gone;
      await latest;
    } while (latest !== this.gone);
    this.driver ??= new Driver(this.connection);
    return this.driver;
  }

  /** Gives a client up: its calls under way fail, the next call gets a new client. */
  replace(driver: Driver): void {
    if (this.driver !== driver) return;
    this.driver = undefined;
    // A client that cannot even be disposed of is nobody's any more.
    this.gone = this.gone.then(() => driver.dispose()).catch(() => undefined);
  }

  async close(): Promise<void> {
    if (this.driver) this.replace(this.driver);
    await this.gone;
  }
}

type Shared = { readonly client: ReplaceableClient; users: number };

const appending = new Map<string, Shared>();

/**
 * The one client of this process that appends by a connection string, however many stores are open: the client keeps the appends under
 * way of all its instances in one place, where they meddle with each other. The last one to release it closes it.
 */
export function takeAppendingClient(connection: Connection): {
  client: ReplaceableClient;
  release: () => Promise<void>;
} {
  const { url } = connection;
  const shared = appending.get(url) ?? { client: new ReplaceableClient(connection), users: 0 };
  appending.set(url, shared);
  shared.users += 1;
  const release = async () => {
    shared.users -= 1;
    if (shared.users > 0) return;
    appending.delete(url);
    await shared.client.close();
  };
  return { client: shared.client, release };
}
