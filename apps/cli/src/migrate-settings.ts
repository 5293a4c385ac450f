import { existsSync, realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { EnvironmentError, nameOfStore, readEnvironment } from '@faultline/config';
import { type StoreSettings, storeSettings } from '@faultline/stores';
import { UserError } from './explain';

/** Which stores a migration copies, and where to; what is absent comes from the environment. */
export type MigrateOptions = {
  readonly from: string;
  readonly to?: string;
  readonly fromKeys?: string;
  readonly toKeys?: string;
  readonly fromBlobs?: string;
  readonly toBlobs?: string;
  readonly verifyOnly?: boolean;
};

type Variables = Readonly<Record<string, string | undefined>>;

/** Values in the place of variables of the environment, with what the user gave them by. */
type Given = { readonly variable: string; readonly value: string; readonly by: string };

const masterKey = 'FAULTLINE_MASTER_KEY';
const sourceMasterKey = 'FAULTLINE_FROM_MASTER_KEY';

/** The stores of both sides. Throws UserError for what cannot be used, naming options by their names and no secret. */
export function migrationSettings(
  options: MigrateOptions,
  environment: Variables,
): { readonly source: StoreSettings; readonly target: StoreSettings } {
  const { from, to, fromKeys, toKeys, fromBlobs, toBlobs } = options;
  const sourceStores = [
    ...side({ store: from, by: '--from' }),
    ...option('KEY_STORE', fromKeys, '--from-keys'),
    ...option('BLOB_STORE', fromBlobs, '--from-blobs'),
  ];
  const keys = sourceStores.findLast(({ variable }) => variable === 'KEY_STORE')?.value;
  const source = read([...sourceStores, ...sourceKey(keys, environment)], environment);
  const targetStores = to === undefined ? fromEnvironment(environment) : side({ store: to, by: '--to' });
  const target = read(
    [...targetStores, ...option('KEY_STORE', toKeys, '--to-keys'), ...option('BLOB_STORE', toBlobs, '--to-blobs')],
    environment,
  );
  if (isSame(source.eventStore, target.eventStore)) {
    throw new UserError(`--from and --to name the same event store, ${nameOfStore(source.eventStore)}`);
  }
  return { source, target };
}

/** An embedded event store has its keys and blobs beside it. */
function side({ store, by }: { readonly store: string; readonly by: string }): Given[] {
  const events = { variable: 'EVENT_STORE', value: store, by };
  if (!store.startsWith('lmdb:')) return [events];
  const beside = `file:${store.slice('lmdb:'.length)}`;
  return [events, ...option('KEY_STORE', beside, by), ...option('BLOB_STORE', beside, by)];
}

function fromEnvironment({ EVENT_STORE, EVENT_STORE_FILE }: Variables): Given[] {
  if (!EVENT_STORE && !EVENT_STORE_FILE) throw new UserError('say where to: by --to, or by EVENT_STORE');
  return EVENT_STORE === undefined ? [] : side({ store: EVENT_STORE, by: 'EVENT_STORE' });
}

const option = (variable: string, value: string | undefined, by: string): Given[] =>
  value === undefined ? [] : [{ variable, value, by }];

/** The master key of the source: the one set for it, else the file beside its keys, else the one that the target has. */
function sourceKey(keys: string | undefined, environment: Variables): Given[] {
  const given = [
    ...option(masterKey, environment[sourceMasterKey], sourceMasterKey),
    ...option(`${masterKey}_FILE`, environment[`${sourceMasterKey}_FILE`], `${sourceMasterKey}_FILE`),
  ];
  if (given.length > 0) return given;
  const directory = keys?.startsWith('file:') === true ? keys.slice('file:'.length) : undefined;
  const beside = directory !== undefined && existsSync(join(directory, 'keys', 'master.key'));
  return beside ? [{ variable: masterKey, value: '', by: masterKey }] : [];
}

function read(given: readonly Given[], environment: Variables): StoreSettings {
  const variables: Record<string, string | undefined> = { ...environment };
  for (const name of given.map(({ variable }) => variable.replace(/_FILE$/, ''))) {
    variables[name] = undefined;
    variables[`${name}_FILE`] = undefined;
  }
  for (const { variable, value } of given) variables[variable] = value;
  try {
    return storeSettings(readEnvironment(variables));
  } catch (error) {
    if (!(error instanceof EnvironmentError)) throw error;
    const by = (name: string) => given.findLast(({ variable }) => variable === name)?.by ?? name;
    const faults = error.faults.map((fault) => ({ ...fault, variable: by(fault.variable) }));
    throw new UserError(new EnvironmentError(faults).message);
  }
}

type Store = StoreSettings['eventStore'] | StoreSettings['keyStore'];

/** Whether two settings name one store, as far as their names tell. */
export function isSame(one: Store, other: Store): boolean {
  if (one.kind === 'embedded' || other.kind === 'embedded') {
    if (one.kind !== other.kind) return false;
    return canonical(nameOfStore(one)) === canonical(nameOfStore(other));
  }
  const address = (store: Store) =>
    nameOfStore(store)
      .replace(/^[^:]*:\/\/|[?].*$/g, '')
      .toLowerCase();
  return address(one) === address(other);
}

const canonical = (directory: string): string => (existsSync(directory) ? realpathSync(directory) : resolve(directory));
