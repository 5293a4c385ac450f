/** What a migration is doing: `done` of `total`, where that is known, in events, or in blobs while it moves those. */
export type Progress = {
  readonly phase: 'comparing' | 'copying' | 'blobs' | 'verifying';
  readonly done: number;
  readonly total?: number;
};

/** Told how far a migration is, for every few events. */
export type OnProgress = (progress: Progress) => void;

const step = 256;

/** Whether this is a number of events to tell of. */
export const isStep = (done: number): boolean => done % step === 0;
