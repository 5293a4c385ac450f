type Ranked<Doc> = { readonly key: Buffer; readonly document: Doc };

/** Keeps the first `limit` documents of a sort while any number goes by; all of them without a limit. */
export class TopDocuments<Doc extends object> {
  private kept: Ranked<Doc>[] = [];
  private threshold: Buffer | undefined;

  constructor(
    private readonly keyOf: (document: object) => Buffer,
    private readonly limit = Infinity,
    private readonly after?: Buffer,
  ) {}

  add(document: Doc): void {
    const key = this.keyOf(document);
    if (this.after && Buffer.compare(key, this.after) <= 0) return;
    if (this.threshold && Buffer.compare(key, this.threshold) >= 0) return;
    this.kept.push({ key, document });
    if (this.kept.length >= 2 * this.limit + 100) this.trim();
  }

  /** The first documents, in order. */
  list(): Doc[] {
    this.trim();
    return this.kept.map(({ document }) => document);
  }

  private trim(): void {
    this.kept.sort((a, b) => Buffer.compare(a.key, b.key));
    if (this.kept.length <= this.limit) return;
    this.kept.length = this.limit;
    this.threshold = this.kept.at(-1)?.key;
  }
}
