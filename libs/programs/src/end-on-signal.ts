/** Something that has begun and can be ended in order. */
export type Program = { close(): Promise<void> };

/**
 * Ends the program in order at the first SIGINT or SIGTERM, at once at a second one. `begun` is asked for what is to be ended; a
 * program that has not begun ends at once.
 */
export function endOnSignal(begun: () => Program | undefined): void {
  let ending = false;
  const end = (signal: NodeJS.Signals) => {
    const program = begun();
    if (ending || !program) process.exit(ending ? 1 : 0);
    ending = true;
    process.stdout.write(`${signal}: finishing what was begun\n`);
    program.close().then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`faultline: could not end in order: ${String(error)}\n`);
        process.exit(1);
      },
    );
  };
  process.on('SIGINT', end).on('SIGTERM', end);
}
