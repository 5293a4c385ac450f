import { pino, type Logger } from 'pino';

const standardError = 2;

/** The log of a program: JSON lines on standard error. */
export const makeLogger = (level: string): Logger => pino({ level }, pino.destination(standardError));
