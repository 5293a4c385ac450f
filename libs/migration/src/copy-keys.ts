import { createHash } from 'node:crypto';
import { type KeyRecord, type KeyStore } from '@faultline/key-store';
import { MigrationRefused } from './migration.errors';

/** What a store of keys holds, without a secret: what stands for each record, by its id. */
type Fingerprints = ReadonlyMap<string, string>;

const destroyed = 'destroyed';
const installation = 'the secret of the installation';

/** How the keys of two stores compare, none of them being in conflict. */
export type KeyComparison = {
  /** The ids of every key of the source. */
  readonly ids: ReadonlySet<string>;
  readonly destroyed: number;
  /** How many of them the target lacks, or has not destroyed yet. */
  readonly missing: number;
};

/** Compares by id, owner and secret; what the target has beside them is not looked at. Throws MigrationRefused for another key, or another installation. */
export async function compareKeys(source: KeyStore, target: KeyStore): Promise<KeyComparison> {
  const [ours, theirs] = [await fingerprints(source), await fingerprints(target)];
  const sameInstallation = ours.get(installation) === theirs.get(installation);
  if (!sameInstallation && theirs.size > 1) {
    throw new MigrationRefused('The key store of the target holds keys of another installation.');
  }
  const ids = [...ours.keys()].filter((id) => id !== installation);
  let missing = sameInstallation ? 0 : 1;
  for (const id of ids) missing += isThere(id, ours.get(id), theirs.get(id)) ? 0 : 1;
  return { ids: new Set(ids), destroyed: ids.filter((id) => ours.get(id) === destroyed).length, missing };
}

function isThere(id: string, ours: string | undefined, theirs: string | undefined): boolean {
  if (ours === theirs) return true;
  if (theirs === undefined || ours === destroyed) return false;
  const how = theirs === destroyed ? 'was destroyed' : 'is another key';
  throw new MigrationRefused(`The key stores differ: the key ${id} of the source ${how} on the target.`);
}

async function fingerprints(keys: KeyStore): Promise<Fingerprints> {
  const found = new Map<string, string>();
  for await (const record of keys.exportKeys()) {
    found.set(record.kind === 'installation' ? installation : record.id, fingerprint(record));
  }
  return found;
}

function fingerprint(record: KeyRecord): string {
  if (record.kind === 'destroyed') return destroyed;
  const owner = record.kind === 'key' ? record.subject : '';
  return createHash('sha256').update(record.secret).update(owner).digest('hex');
}
