import { type RecordedEvent } from '@faultline/kernel';

/** The two stores cannot become one history as they are; the message says where they part. */
export class MigrationRefused extends Error {
  override readonly name = 'MigrationRefused';
}

/** An event as a message names it. */
export const named = ({ type, stream, revision, id }: RecordedEvent): string =>
  `${type}, revision ${revision} of ${stream} (${id})`;
