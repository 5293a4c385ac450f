import { type ReadStore } from '@faultline/read-store';
import { ReportService } from '@faultline/reports';
import { type IdPage, type QueryParameters, type ReportSide } from './read-side';

/** Reports in the thread it is made in, over models that others feed. */
export class ReportHost implements ReportSide {
  failure: string | undefined;
  private readonly reports: ReportService;

  constructor(documents: ReadStore) {
    this.reports = new ReportService(documents);
  }

  report(name: string, query: QueryParameters, now: number): Promise<object> {
    return this.reports.run(name, query, now);
  }

  incidentsBehind(name: string, query: QueryParameters, now: number): Promise<IdPage> {
    return this.reports.incidents(name, query, now);
  }

  incidentsAsOf(query: QueryParameters): Promise<IdPage> {
    return this.reports.list(query);
  }

  async stop(): Promise<void> {
    return Promise.resolve();
  }
}
