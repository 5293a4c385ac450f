import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { KeyConflict, KeyStoreUnusable } from '../key-store.errors';
import { type DataKey, type KeyRecord, type KeyStore } from '../key-store.port';
import { inBatches, type MovedKey, planTransfer, type PresentKey, sorted } from '../key-transfer';
import { unwrapKey, wrapKey } from '../key-wrapper';
import { masterKeyFrom } from '../master-key';
import { KeyFile, type KeyLine } from './key-file';
import { masterKeyBeside } from './master-key-file';

export type FileKeyStoreOptions = {
  readonly directory: string;
  /** Absent: a file of mode 0600 beside the keys. */
  readonly masterKey?: string | undefined;
  /** Follows what another thread of the process writes, and writes nothing. */
  readonly readOnly?: boolean;
};

const installation = 'installation';

/** Keys of personal data in a file beside the data, each wrapped by the master key. */
export class FileKeyStore implements KeyStore {
  private readonly keys = new Map<string, DataKey>();
  private readonly subjects = new Map<string, string[]>();
  private readonly lines = new Map<string, KeyLine>();
  private secret: Buffer | undefined;
  private tail: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly file: KeyFile,
    private readonly masterKey: Buffer,
    private readonly readOnly: boolean,
  ) {
    this.load();
  }

  get installationSecret(): Buffer {
    if (!this.secret) throw new KeyStoreUnusable('The key store has no installation secret yet');
    return this.secret;
  }

  /** Makes the installation's secret where there is none. */
  async makeSecret(): Promise<void> {
    if (this.secret || this.readOnly) return;
    const secret = randomBytes(32);
    const line: KeyLine = { kind: 'installation', wrapped: wrapKey(secret, this.masterKey, installation) };
    await this.file.append([line]);
    this.take(line);
  }

  ensureKeys(subjects: readonly string[]): Promise<ReadonlyMap<string, DataKey>> {
    const present = this.newest(subjects);
    if (present) return Promise.resolve(present);
    // One after the other: the second caller finds what the first one made.
    return this.inTurn(async () => {
      const missing = [...new Set(subjects)].filter((subject) => !this.newestOf(subject));
      const lines = missing.map((subject) => this.make(subject));
      if (lines.length > 0) await this.file.append(lines);
      for (const line of lines) this.take(line);
      return this.newest(subjects) ?? new Map<string, DataKey>();
    });
  }

  /** A reader takes in what its writer has made and destroyed since. */
  prepare(_ids: readonly string[]): Promise<void> {
    return Promise.resolve().then(() => {
      if (this.readOnly) this.load();
    });
  }

  key(id: string): DataKey | undefined {
    const known = this.keys.get(id);
    if (known || this.lines.get(id)?.kind === 'destroyed') return known;
    this.load();
    return this.keys.get(id);
  }

  destroyKeys(subject: string): Promise<readonly string[]> {
    return this.inTurn(() => {
      const ids = this.subjects.get(subject) ?? [];
      this.subjects.delete(subject);
      this.destroy(ids);
      return Promise.resolve(ids);
    });
  }

  async *exportKeys(): AsyncGenerator<KeyRecord> {
    await this.tail;
    this.load();
    yield { kind: 'installation', secret: this.installationSecret };
    for (const line of [...this.lines.values()]) {
      const key = line.kind === 'key' ? this.keys.get(line.id) : undefined;
      if (line.kind === 'key' && key) yield { kind: 'key', subject: line.subject, ...key };
      if (line.kind === 'destroyed') yield line;
    }
  }

  importKeys(records: AsyncIterable<KeyRecord>): Promise<void> {
    return this.inTurn(async () => {
      for await (const batch of inBatches(records)) await this.takeIn(batch);
    });
  }

  async close(): Promise<void> {
    await this.tail;
  }

  private async takeIn(batch: readonly KeyRecord[]): Promise<void> {
    const { secret, keys } = sorted(batch);
    if (secret) this.takeSecret(secret);
    const { added, destroyed } = planTransfer(keys, (id) => this.present(id));
    const lines = added.map((record) => this.lineOf(record));
    if (lines.length > 0) await this.file.append(lines);
    for (const line of lines) this.take(line);
    this.destroy(destroyed);
  }

  private takeSecret(secret: Buffer): void {
    if (this.installationSecret.equals(secret)) return;
    if (this.lines.size > 1) throw new KeyConflict();
    const line: KeyLine = { kind: 'installation', wrapped: wrapKey(secret, this.masterKey, installation) };
    this.file.replace([line]);
    this.take(line);
  }

  private present(id: string): PresentKey | undefined {
    const line = this.lines.get(id);
    const key = this.keys.get(id);
    if (line?.kind === 'key' && key) return { kind: 'key', subject: line.subject, secret: key.secret };
    return line && { kind: 'destroyed' };
  }

  private lineOf(record: MovedKey): KeyLine {
    if (record.kind === 'destroyed') return { kind: 'destroyed', id: record.id };
    const { id, subject, secret } = record;
    return { kind: 'key', id, subject, wrapped: wrapKey(secret, this.masterKey, id) };
  }

  private destroy(ids: readonly string[]): void {
    for (const id of ids) {
      // The secret itself is left as it is: whoever is sealing at this moment must not go on under zeros.
      this.keys.delete(id);
      this.lines.set(id, { kind: 'destroyed', id });
    }
    if (ids.length > 0) this.file.replace([...this.lines.values()]);
  }

  private inTurn<Result>(task: () => Promise<Result>): Promise<Result> {
    const current = this.tail.then(task);
    this.tail = current.catch(() => undefined);
    return current;
  }

  private newestOf(subject: string): DataKey | undefined {
    const id = this.subjects.get(subject)?.at(-1);
    return id === undefined ? undefined : this.keys.get(id);
  }

  private newest(subjects: readonly string[]): Map<string, DataKey> | undefined {
    const found = new Map<string, DataKey>();
    for (const subject of subjects) {
      const key = this.newestOf(subject);
      if (!key) return undefined;
      found.set(subject, key);
    }
    return found;
  }

  private make(subject: string): KeyLine {
    const id = randomBytes(9).toString('base64url');
    return { kind: 'key', id, subject, wrapped: wrapKey(randomBytes(32), this.masterKey, id) };
  }

  private load(): void {
    for (const line of this.file.readNew()) this.take(line);
  }

  private take(line: KeyLine): void {
    this.lines.set(line.kind === 'installation' ? installation : line.id, line);
    if (line.kind === 'installation') this.secret = unwrapKey(line.wrapped, this.masterKey, installation);
    if (line.kind === 'destroyed') this.keys.delete(line.id);
    if (line.kind !== 'key' || this.keys.has(line.id)) return;
    this.keys.set(line.id, { id: line.id, secret: unwrapKey(line.wrapped, this.masterKey, line.id) });
    const owned = this.subjects.get(line.subject);
    if (owned) owned.push(line.id);
    else this.subjects.set(line.subject, [line.id]);
  }
}

/** Opens the key store in `<directory>/keys`. Throws KeyStoreUnusable when the master key is not the one it was made with. */
export async function openFileKeyStore(options: FileKeyStoreOptions): Promise<FileKeyStore> {
  const { directory, masterKey, readOnly = false } = options;
  const folder = join(directory, 'keys');
  if (!readOnly) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    chmodSync(folder, 0o700);
  }
  const master =
    masterKey === undefined
      ? masterKeyBeside(join(folder, 'master.key'), { make: !readOnly })
      : masterKeyFrom(masterKey);
  const file = new KeyFile(join(folder, 'keys.ndjson'));
  if (!readOnly) file.repair();
  const store = new FileKeyStore(file, master, readOnly);
  await store.makeSecret();
  return store;
}
