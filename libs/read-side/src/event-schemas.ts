import { catalogEventSchemas } from '@faultline/catalog';
import { importEventSchemas } from '@faultline/imports';
import {
  bulkEventSchemas,
  externalKeyEventSchemas,
  incidentEventSchemas,
  numbersEventSchemas,
} from '@faultline/incidents';
import { type EventSchemas } from '@faultline/kernel';
import { organisationEventSchemas } from '@faultline/organisation';
import { securityEventSchemas } from '@faultline/security';

/** The stored types of every context, by context. */
export const schemasByContext: Readonly<Record<string, EventSchemas>> = {
  incidents: incidentEventSchemas,
  numbers: numbersEventSchemas,
  externalKeys: externalKeyEventSchemas,
  bulks: bulkEventSchemas,
  organisation: organisationEventSchemas,
  catalog: catalogEventSchemas,
  security: securityEventSchemas,
  imports: importEventSchemas,
};

/** The stored types of the whole platform; a test proves that each belongs to one context. */
export const eventSchemas: EventSchemas = Object.assign({}, ...Object.values(schemasByContext)) as EventSchemas;
