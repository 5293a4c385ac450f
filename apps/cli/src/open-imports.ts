import { type RecordedEvent } from '@faultline/kernel';

/** Finds imports that were not over when their log ended: what is left of their files lies in a work directory, not in a store. */
export class OpenImports {
  private readonly open = new Set<string>();

  take({ type, stream }: RecordedEvent): void {
    if (type === 'ImportStarted') this.open.add(stream);
    if (type === 'ImportCompleted' || type === 'ImportFailed') this.open.delete(stream);
  }

  /** Their ids. */
  ids(): string[] {
    return [...this.open].map((stream) => stream.replace(/^import-/, ''));
  }
}
