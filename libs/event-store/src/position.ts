/** A position from two unsigned 64-bit numbers, as EventStoreDB has them: 16 hex digits each, so that it compares as text. */
export const formatPosition = (commit: bigint | number, prepare: bigint | number): string =>
  `${commit.toString(16).padStart(16, '0')}-${prepare.toString(16).padStart(16, '0')}`;

/** The two numbers of a position; undefined if the text is none. */
export function parsePosition(position: string): { commit: bigint; prepare: bigint } | undefined {
  const match = /^([0-9a-f]{16})-([0-9a-f]{16})$/.exec(position);
  if (!match) return undefined;
  return { commit: BigInt(`0x${match[1] ?? ''}`), prepare: BigInt(`0x${match[2] ?? ''}`) };
}

/** Before every event. */
export const startPosition = formatPosition(0, 0);
