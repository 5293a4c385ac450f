import { type RecordedEvent } from '@faultline/kernel';

/** An event that a projection cannot take in, however often it is tried: the pump stops before it until the code is mended. */
export class PoisonEvent extends Error {
  override readonly name = 'PoisonEvent';

  constructor(
    readonly projection: string,
    { type, stream, revision, position }: RecordedEvent,
    cause: unknown,
  ) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(
      `Projection ${projection} fails at ${type} (${stream}, revision ${revision}, position ${position}): ${reason}`,
      {
        cause,
      },
    );
  }
}
