/** The read store cannot be used as it is set up, or its files are damaged; the message says what to do. Nothing is lost: read models are rebuilt from the log. */
export class ReadStoreUnusable extends Error {
  override readonly name = 'ReadStoreUnusable';
}

/** A write into a collection that was never ensured, or was dropped. */
export class UnknownCollection extends Error {
  override readonly name = 'UnknownCollection';

  constructor(readonly collection: string) {
    super(`There is no collection ${collection}: ensureCollection makes it`);
  }
}
