import { type ReadStore, versionedName } from '@faultline/read-store';
import { timelineProjection } from '../timeline.projection';
import { type TimelineDocument } from '../timeline.types';
import { TimelineTable } from './timeline-table';

const documentsPerPage = 2_000;

/** What the engine reads. */
export type TimelineSource = Pick<ReadStore, 'find' | 'liveVersion' | 'readCheckpoint'>;

type Loaded = { readonly version: number; readonly table: TimelineTable; readonly position: string };

/** Keeps all timelines in memory, as current as the live read model at the moment of each request. */
export class ReportEngine {
  private loaded: Loaded | null = null;
  private running: Promise<Loaded> | null = null;
  private waiting: Promise<Loaded> | null = null;

  constructor(private readonly source: TimelineSource) {}

  /** The table with everything that the read model held when this was called. It is complete until the caller next awaits. */
  async current(): Promise<TimelineTable> {
    const { table } = await this.refreshed();
    return table;
  }

  /** One refresh at a time; whoever asks while one runs shares the one that follows it. */
  private refreshed(): Promise<Loaded> {
    if (this.running) {
      this.waiting ??= this.running
        .catch(() => undefined)
        .then(() => {
          this.waiting = null;
          return this.refreshed();
        });
      return this.waiting;
    }
    this.running = this.refresh().finally(() => {
      this.running = null;
    });
    return this.running;
  }

  private async refresh(): Promise<Loaded> {
    let version = await this.source.liveVersion(timelineProjection.name);
    for (;;) {
      this.loaded = await this.load(version);
      const live = await this.source.liveVersion(timelineProjection.name);
      if (live === version) return this.loaded;
      version = live;
    }
  }

  /**
   * Reads what is newer than the checkpoint of the last time. That one was read before the documents, as this one is: a batch that
   * was being written then is read again, so that none of it is missed.
   */
  private async load(version: number): Promise<Loaded> {
    const kept = this.loaded?.version === version ? this.loaded : null;
    const table = kept?.table ?? new TimelineTable();
    const collection = versionedName(timelineProjection.name, version);
    const checkpoint = await this.source.readCheckpoint(collection);
    let after: readonly unknown[] | undefined;
    for (;;) {
      const page = await this.source.find<TimelineDocument>(collection, {
        ...(kept && { filter: { position: { $gt: kept.position } } }),
        sort: [['position', 1]],
        limit: documentsPerPage,
        without: ['end'],
        ...(after && { after }),
      });
      for (const document of page) table.put(document);
      const last = page.at(-1);
      if (!last || page.length < documentsPerPage) break;
      after = [last.position, last._id];
    }
    return { version, table, position: checkpoint?.position ?? kept?.position ?? '' };
  }
}
