import { notFound } from '@faultline/kernel';
import { type Report, type ReportEntry } from './report';
import { backlogAgeReport } from './reports/backlog-age.report';
import { backlogReport } from './reports/backlog.report';
import { acknowledgementTimeReport, resolutionTimeReport } from './reports/duration.report';
import { flowReport } from './reports/flow.report';
import { slaReport } from './reports/sla.report';
import { tierPathsReport } from './reports/tier-paths.report';
import { trendsReport } from './reports/trends.report';
import { volumeReport } from './reports/volume.report';
import { workloadReport } from './reports/workload.report';

const reports: readonly Report[] = [
  volumeReport,
  slaReport,
  resolutionTimeReport,
  acknowledgementTimeReport,
  backlogReport,
  backlogAgeReport,
  workloadReport,
  trendsReport,
  flowReport,
  tierPathsReport,
];

/** Every report that this build answers, with what its numbers mean. */
export const reportCatalogue: readonly ReportEntry[] = reports.map(({ entry }) => entry);

/** The report of that name; `report.unknown` if there is none. */
export function reportNamed(name: string): Report {
  const report = reports.find(({ entry }) => entry.name === name);
  if (report) return report;
  throw notFound('report.unknown', `There is no report ${name}`, { name });
}
