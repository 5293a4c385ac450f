/** There is a blob of this id with other content: blobs never change. */
export class BlobExists extends Error {
  override readonly name = 'BlobExists';

  constructor(readonly id: string) {
    super(`There is a blob ${id} already, and its content is another`);
  }
}

/** What the store holds of a blob is not what was put: it was changed, or a part of it was lost. */
export class BlobDamaged extends Error {
  override readonly name = 'BlobDamaged';

  constructor(readonly id: string) {
    super(`The blob ${id} is not what was stored: restore it from a backup`);
  }
}

/** An id that cannot name a blob. Nothing was done. */
export class InvalidBlobId extends Error {
  override readonly name = 'InvalidBlobId';

  constructor(readonly id: string) {
    super(`A blob's id has 1 to 128 lower-case letters, digits, and . _ - behind the first: ${JSON.stringify(id)}`);
  }
}
