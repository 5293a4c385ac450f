import { type Projection } from '@faultline/projections';
import { incidentProjection } from '@faultline/read-models';
import { timelineProjection } from '@faultline/reports';

/** Every read model of the platform. */
export const projections: readonly Projection[] = [incidentProjection, timelineProjection] as readonly Projection[];
