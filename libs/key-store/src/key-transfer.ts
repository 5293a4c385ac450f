import { KeyConflict } from './key-store.errors';
import { type KeyRecord } from './key-store.port';

/** A record that is not the secret of the installation. */
export type MovedKey = Exclude<KeyRecord, { readonly kind: 'installation' }>;

/** What a store has under the id of a record that comes in; undefined where the id is free. */
export type PresentKey =
  { readonly kind: 'key'; readonly subject: string; readonly secret: Buffer } | { readonly kind: 'destroyed' };

/** What a store has to do about the keys that come in. */
export type TransferPlan = { readonly added: readonly MovedKey[]; readonly destroyed: readonly string[] };

/** What is missing, and what is destroyed elsewhere; a key destroyed on either side stays so. Throws KeyConflict. */
export function planTransfer(
  records: readonly MovedKey[],
  present: (id: string) => PresentKey | undefined,
): TransferPlan {
  const steps = records.map((record) => ({ record, step: stepFor(record, present(record.id)) }));
  const those = (wanted: Step) => steps.filter(({ step }) => step === wanted).map(({ record }) => record);
  return { added: those('add'), destroyed: those('destroy').map(({ id }) => id) };
}

type Step = 'add' | 'destroy' | 'nothing';

function stepFor(record: MovedKey, present: PresentKey | undefined): Step {
  if (!present) return 'add';
  if (present.kind === 'destroyed') return 'nothing';
  if (record.kind === 'destroyed') return 'destroy';
  if (present.subject === record.subject && present.secret.equals(record.secret)) return 'nothing';
  throw new KeyConflict(record.id);
}

/** The secret of the installation, where it is among the records, apart from the keys. */
export function sorted(records: readonly KeyRecord[]): { secret: Buffer | undefined; keys: readonly MovedKey[] } {
  const keys = records.filter((record) => record.kind !== 'installation');
  return { secret: records.find((record) => record.kind === 'installation')?.secret, keys };
}

/** Records by the hundreds, in their order: a write for each would take minutes. */
export async function* inBatches(records: AsyncIterable<KeyRecord>, size = 500): AsyncGenerator<KeyRecord[]> {
  let batch: KeyRecord[] = [];
  for await (const record of records) {
    batch.push(record);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
