/** The keys cannot be opened as they are; the message says why and what to do. */
export class KeyStoreUnusable extends Error {
  override readonly name = 'KeyStoreUnusable';
}

/** The key of something sealed was destroyed, and the clear text with it. */
export class KeyDestroyed extends Error {
  override readonly name = 'KeyDestroyed';

  constructor(readonly key: string) {
    super(`The key ${key} was destroyed, and what was sealed under it with it`);
  }
}

/** Sealed content is not what was sealed. */
export class SealBroken extends Error {
  override readonly name = 'SealBroken';
}
