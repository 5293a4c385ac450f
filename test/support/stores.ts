import { type EventStore, openLmdbEventStore } from '@faultline/event-store';
import { type KeyStore, openFileKeyStore } from '@faultline/key-store';
import { openLmdbReadStore, type ReadStore } from '@faultline/read-store';
import { temporaryDirectory } from './temporary';

/** The three embedded stores, in a directory of their own. */
export type Stores = {
  readonly directory: string;
  readonly events: EventStore;
  readonly documents: ReadStore;
  readonly keys: KeyStore;
  /** Closes the stores and takes the directory away. */
  close(): Promise<void>;
};

const masterKey = 'a-master-key-for-tests-only-0123456789';

/** Opens fresh stores in a temporary directory. */
export async function openStores(): Promise<Stores> {
  const { path: directory, remove } = await temporaryDirectory();
  const events = await openLmdbEventStore({ directory });
  const documents = await openLmdbReadStore({ directory });
  const keys = await openFileKeyStore({ directory, masterKey });
  const close = async () => {
    for (const store of [keys, documents, events]) await store.close();
    await remove();
  };
  return { directory, events, documents, keys, close };
}

/** A port with some of its methods replaced; the others are those of `port`. */
export const altered = <Port extends object>(port: Port, changes: Partial<Port>): Port =>
  new Proxy(port, {
    get: (target, name) => {
      const value: unknown = Reflect.get(changes, name) ?? Reflect.get(target, name);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });

/** The keys as another process sees them, which has none in memory but those that it prepared; `prepared` are its calls. */
export function distantKeys(keys: KeyStore): { readonly keys: KeyStore; readonly prepared: readonly string[][] } {
  const known = new Set<string>();
  const prepared: string[][] = [];
  const prepare = async (ids: readonly string[]) => {
    prepared.push([...ids]);
    await keys.prepare(ids);
    for (const id of ids) known.add(id);
  };
  const key = (id: string) => (known.has(id) ? keys.key(id) : undefined);
  return { keys: altered(keys, { prepare, key }), prepared };
}

/** Something that a test waits for, and what opens the way. */
export type Gate = { readonly opened: Promise<void>; readonly open: () => void };

export function gate(): Gate {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}
