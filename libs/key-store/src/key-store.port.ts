/** A data key, 32 bytes, with the id that sealed fields name. */
export type DataKey = { readonly id: string; readonly secret: Buffer };

/** What a store of keys holds, as it moves to another store. In the clear: it goes from store to store and nowhere else. */
export type KeyRecord =
  | { readonly kind: 'installation'; readonly secret: Buffer }
  | { readonly kind: 'key'; readonly id: string; readonly subject: string; readonly secret: Buffer }
  | { readonly kind: 'destroyed'; readonly id: string };

/**
 * Keys of personal data, apart from the log. A subject (a person's id) may own several keys; a destroyed key never comes back.
 *
 * Several processes may share the keys. What one of them makes, another has after `prepare`. What one of them destroys, the others
 * open no longer two seconds after `destroyKeys` resolved; a process that cannot reach the store goes on with the keys that it holds,
 * so that commands survive the outage, and drops the destroyed ones as soon as it reaches it again. What a process seals within that
 * time under a key that another one destroys is erased with everything else.
 *
 * What it promises is `test/contracts/key-store.contract.ts`.
 */
export interface KeyStore {
  /** A usable key for each subject, made where there is none; resolves when every one of them is durable. */
  ensureKeys(subjects: readonly string[]): Promise<ReadonlyMap<string, DataKey>>;
  /**
   * Makes the keys with these ids available to `key`, whoever made them: to be awaited before the events that name them are opened.
   * Ids of destroyed keys, or of none, are no error. Throws StoreUnavailable where a key is not in memory and cannot be read: an
   * event must then wait, since a key that is merely out of reach would make its fields look erased.
   */
  prepare(ids: readonly string[]): Promise<void>;
  /** The key, or undefined when it was destroyed, never existed or was not prepared. Synchronous: adapters hold keys in memory. */
  key(id: string): DataKey | undefined;
  /** Destroys every key of the subject, durably; returns their ids. */
  destroyKeys(subject: string): Promise<readonly string[]>;
  /** Everything the store holds: the secret of the installation first, then the keys, and the ids of destroyed ones. */
  exportKeys(): AsyncIterable<KeyRecord>;
  /**
   * Takes in what another store has exported, under the same ids; resolves once it is durable, and may be repeated. What is destroyed
   * on either side is destroyed from then on. The installation's secret is replaced while there is no key yet, for nobody else to
   * use the store meanwhile. Throws KeyConflict where the store has another secret, of the installation or under a key's id, and takes
   * in nothing of the record at fault or behind it.
   */
  importKeys(records: AsyncIterable<KeyRecord>): Promise<void>;
  /** A secret of this installation, the same for ever, for keyed digests (HMAC): 32 bytes. */
  readonly installationSecret: Buffer;
  close(): Promise<void>;
}
