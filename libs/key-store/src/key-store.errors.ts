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

/** Keys were to be taken into a store that has others in their place; what was there is unchanged. */
export class KeyConflict extends Error {
  override readonly name = 'KeyConflict';

  constructor(
    /** The id of the key; absent for the secret of the installation. */
    readonly key?: string,
  ) {
    super(
      key === undefined
        ? 'The key store belongs to another installation: it holds keys, and another secret of the installation'
        : `The key store holds another key under the id ${key}`,
    );
  }
}
