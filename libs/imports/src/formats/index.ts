import { type ImportFormat } from './import-format';
import { servicenowAudit } from './servicenow-audit';
import { vinst } from './vinst';

/** The formats that come built in. */
export const importFormats: readonly ImportFormat[] = [servicenowAudit, vinst];

/** The format of that name, if there is one. */
export const importFormatOf = (name: string): ImportFormat | undefined =>
  importFormats.find((format) => format.name === name);
