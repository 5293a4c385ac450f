/**
 * Why a commit failed. LMDB's package rejects each write of it with an error that says so and no more, and the reason itself in a promise
 * `commitError` that every one of them shares; left alone, that one would end the process.
 */
export async function causeOfFailedCommit(error: unknown): Promise<unknown> {
  if (!(error instanceof Error) || !('commitError' in error)) return error;
  const told = (error.commitError as Promise<never>).catch((reason: unknown) => reason);
  // The reason follows at once, or not at all.
  const silent = new Promise((resolve) => setImmediate(resolve, error));
  return Promise.race([told, silent]);
}

/**
 * Lets this thread live on when a commit fails. The package rejects promises that nobody holds beside the ones that its callers await;
 * by default that ends the process. Any other rejection that nobody handles still does.
 */
export function surviveFailedCommits(): void {
  process.on('unhandledRejection', (reason) => {
    if (reason instanceof Error && 'commitError' in reason) return;
    throw reason;
  });
}
