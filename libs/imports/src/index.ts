export * from './domain/import.decider';
export { type ContentEncoding } from './csv/decompress';
export * from './formats';
export {
  type ImportedEvent,
  type ImportedIncident,
  type ImportedNames,
  type ImportFormat,
  type MappingContext,
  type RowContext,
  type RowFault,
} from './formats/import-format';
export { unknownPerson } from './formats/history-builder';
export { LocalTimes } from './formats/local-times';
export { settledContent } from './formats/settled-content';
export { runImport, type RunOptions } from './import.runner';
export { type ImportProgress, type ImportReport } from './import.tally';
export { type AppendOutcome, type ImportTarget } from './import.target';
export { type Manifest } from './spool/manifest';
export { openSpool, removeSpool, Spool } from './spool/spool';
export { spoolImport, type SpoolOptions } from './spool/spool-import';
export { type Rejection, type SpooledRow } from './spool/spooled-record';
