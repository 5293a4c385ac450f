/** The keys cannot be opened as they are; the message says why and what to do. */
export class KeyStoreUnusable extends Error {
  override readonly name = 'KeyStoreUnusable';
}
