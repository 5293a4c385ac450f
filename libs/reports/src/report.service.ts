import { type ReadStore } from '@faultline/read-store';
import { type IncidentPage, pageOf, type PageOptions, placeOf } from './engine/page';
import { ReportEngine } from './engine/report-engine';
import { select } from './engine/selection';
import { loggedAt } from './engine/moments';
import { type Query, QueryReader } from './query-reader';
import { reportNamed } from './report.catalogue';
import { readScope, within } from './report.params';

const pageLimits = { least: 1, most: 200 };
const defaultLimit = 50;

/**
 * Answers reports from the read model `timelines`. Requests and answers are plain data that can be sent between threads; `now` is
 * in ms since the epoch. Throws DomainErrors for what is wrong with a query, before anything is read.
 */
export class ReportService {
  private readonly engine: ReportEngine;

  constructor(readStore: Pick<ReadStore, 'find' | 'liveVersion' | 'readCheckpoint'>) {
    this.engine = new ReportEngine(readStore);
  }

  /** Loads the timelines, so that the first request need not wait for them. */
  async warmUp(): Promise<void> {
    await this.engine.current();
  }

  /** The report's answer in its fixed shape. */
  async run(name: string, query: Query, now: number): Promise<object> {
    const reader = new QueryReader(query);
    const answer = reportNamed(name).answer(reader);
    reader.refuseOthers();
    const table = await this.engine.current();
    return answer({ table, now });
  }

  /**
   * The ids of the incidents behind one number of a report, by time of logging, then id. `query` is the report's own, with `key`
   * (absent: all; empty: unknown), `bucket` or `at` where the report has them, `limit` (1 to 200, default 50) and `cursor`.
   */
  async incidents(name: string, query: Query, now: number): Promise<IncidentPage> {
    const reader = new QueryReader(query);
    const behind = reportNamed(name).incidents(reader);
    const page = readPage(reader);
    reader.refuseOthers();
    const table = await this.engine.current();
    return pageOf(table, behind({ table, now }), page);
  }

  /**
   * The ids of the incidents that passed the filters at `asOf`, logged within `from` and `to`; `sort` is `loggedAt` (default) or
   * `-loggedAt`, `limit` and `cursor` are as in {@link incidents}.
   */
  async list(query: Query): Promise<IncidentPage> {
    const reader = new QueryReader(query);
    const scope = readScope(reader);
    const descending = reader.choice('sort', ['loggedAt', '-loggedAt']) === '-loggedAt';
    const page = readPage(reader);
    reader.refuseOthers();
    const table = await this.engine.current();
    const logged = select(table, scope, (incident) => within(scope, loggedAt(table, incident)));
    return pageOf(table, logged, { ...page, descending });
  }
}

function readPage(reader: QueryReader): PageOptions {
  const limit = reader.whole('limit', pageLimits) ?? defaultLimit;
  const cursor = reader.one('cursor');
  return { limit, after: cursor === undefined ? undefined : placeOf(cursor) };
}
