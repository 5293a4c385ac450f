import { randomBytes } from 'node:crypto';
import { KeyConflict, KeyStoreUnusable } from '../key-store.errors';
import { type KeyWrapper } from '../key-wrapper';
import { type KeyCollection } from './key-collection';

const installation = 'installation';

/** The secret of the installation, made where there is none. Throws KeyStoreUnusable where there are keys and it is lost. */
export async function secretIn(collection: KeyCollection, wrapper: KeyWrapper): Promise<Buffer> {
  const present = await collection.installation();
  if (present) return wrapper.unwrap(present.wrapped, installation);
  if (!(await collection.isEmpty())) {
    // Made before any key: it was lost since, or is another process's of this moment.
    const late = await collection.installation();
    if (late) return wrapper.unwrap(late.wrapped, installation);
    throw new KeyStoreUnusable('The key store holds keys and no installation secret: restore it from a backup');
  }
  const secret = randomBytes(32);
  const first = await collection.addInstallation(await wrapper.wrap(secret, installation));
  return first ? secret : secretIn(collection, wrapper);
}

/** Gives the installation another secret, while there is no key yet. Throws KeyConflict where there is one. */
export async function replaceSecret(collection: KeyCollection, wrapper: KeyWrapper, secret: Buffer): Promise<void> {
  const present = await collection.installation();
  if (!present || !(await collection.isEmpty())) throw new KeyConflict();
  const replaced = await collection.replaceInstallation(present.wrapped, await wrapper.wrap(secret, installation));
  if (!replaced) throw new KeyConflict();
}
