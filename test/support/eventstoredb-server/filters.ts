/**
 * Filters of `$all`: by stream name or event type, each by prefixes or by a regular expression. They run in the server, so
 * that a reader of few events is not sent all of them. A filter always leaves out the server's epoch records and the
 * streams of persistent subscriptions to `$all`.
 *
 * The server's regular expressions are .NET's; this one has JavaScript's, which agree on what filters usually say.
 */
import type { ReadReq } from '@eventstore/db-client/generated/streams_pb';
import type { RecordedEvent } from './records';

/** Tells whether an event passes. */
export type Filter = (event: RecordedEvent) => boolean;

type FilterMessage = ReadReq.Options.FilterOptions;

function matcherOf(expression: ReadReq.Options.FilterOptions.Expression): (text: string) => boolean {
  const pattern = expression.getRegex();
  if (pattern === '') {
    const prefixes = expression.getPrefixList();
    return (text) => prefixes.some((prefix) => text.startsWith(prefix));
  }
  const ignoringCase = pattern.startsWith('(?i)');
  const regex = new RegExp(ignoringCase ? pattern.slice(4) : pattern, ignoringCase ? 'i' : '');
  return (text) => regex.test(text);
}

const isHidden = (stream: string) =>
  stream === '$epoch-information' || stream.startsWith('$persistentsubscription-$all::');

/** Makes the filter that a request asks for. Throws on a pattern that is no regular expression. */
export function filterOf(message: FilterMessage): Filter | undefined {
  const byType = message.getEventType();
  const byStream = message.getStreamIdentifier();
  if (byType !== undefined) {
    const matches = matcherOf(byType);
    return ({ type, stream }) => !isHidden(stream) && matches(type);
  }
  if (byStream === undefined) return undefined;
  const matches = matcherOf(byStream);
  return ({ stream }) => !isHidden(stream) && matches(stream);
}
