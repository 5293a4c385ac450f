/** Resolves as soon as the condition holds; gives everything else its turn in between. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise(setImmediate);
}
