/** The code (`ENOENT`, `Z_BUF_ERROR`) of an error of the runtime or the system, null if it has none; works across realms. */
export const systemCode = (error: unknown): string | null =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : null;
