import { Presets, SingleBar } from 'cli-progress';

/** On standard error, and nothing where that is no terminal. */
export const makeBar = (format: string): SingleBar =>
  new SingleBar({ format, stream: process.stderr, hideCursor: true, clearOnComplete: true }, Presets.shades_classic);
