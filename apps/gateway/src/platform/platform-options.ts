import { type Environment } from '@faultline/config';
import { type Clock } from '@faultline/kernel';
import { type Logger } from 'pino';

/** How a platform is put together: a clock that tests may turn, and where the read side's work is done. */
export type PlatformOptions = {
  readonly environment: Environment;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Whether reports (and projections) run in a thread of their own; a test that injects its clock keeps them in this one. */
  readonly threads: boolean;
  /** Whether this process feeds read models, or leaves that to projectors. */
  readonly projectionsRun: 'here' | 'elsewhere';
};
