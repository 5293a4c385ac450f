import { type FastifyReply } from 'fastify';
import { rowsOf, toCsv } from './csv';

/** An answer as JSON, or its rows as CSV with the next page's cursor in the header `x-next-cursor`. */
export function sendAs(format: 'json' | 'csv' | undefined, reply: FastifyReply, answer: object): unknown {
  if (format !== 'csv') return answer;
  const next = 'nextCursor' in answer ? answer.nextCursor : undefined;
  if (typeof next === 'string') void reply.header('x-next-cursor', next);
  void reply.header('content-type', 'text/csv; charset=utf-8');
  return toCsv(rowsOf(answer));
}
