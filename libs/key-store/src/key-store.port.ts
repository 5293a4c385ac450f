/** A data key, 32 bytes, with the id that sealed fields name. */
export type DataKey = { readonly id: string; readonly secret: Buffer };

/**
 * Keys of personal data, apart from the log. A subject (a person's id) may own several keys; a destroyed key never comes back.
 * What it promises is `test/contracts/key-store.contract.ts`.
 */
export interface KeyStore {
  /** A usable key for each subject, made where there is none; resolves when every one of them is durable. */
  ensureKeys(subjects: readonly string[]): Promise<ReadonlyMap<string, DataKey>>;
  /** The key, or undefined when it was destroyed or never existed. Synchronous: adapters hold keys in memory. */
  key(id: string): DataKey | undefined;
  /** Destroys every key of the subject, durably; returns their ids. */
  destroyKeys(subject: string): Promise<readonly string[]>;
  /** A secret of this installation, the same for ever, for keyed digests (HMAC): 32 bytes. */
  readonly installationSecret: Buffer;
  close(): Promise<void>;
}
