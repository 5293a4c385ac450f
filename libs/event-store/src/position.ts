/** A position from two unsigned 64-bit numbers, as EventStoreDB has them: 16 hex digits each, so that it compares as text. */
export function formatPosition(commit: bigint | number, prepare: bigint | number): string {
  const first = sixteenDigits(commit);
  // Mostly the same number, and every event that is read pays for this.
  return `${first}-${commit === prepare ? first : sixteenDigits(prepare)}`;
}

const sixteenDigits = (number: bigint | number): string => number.toString(16).padStart(16, '0');

/** The two numbers of a position; undefined if the text is none. */
export function parsePosition(position: string): { commit: bigint; prepare: bigint } | undefined {
  const match = /^([0-9a-f]{16})-([0-9a-f]{16})$/.exec(position);
  if (!match) return undefined;
  return { commit: BigInt(`0x${match[1] ?? ''}`), prepare: BigInt(`0x${match[2] ?? ''}`) };
}

/** Before every event. */
export const startPosition = formatPosition(0, 0);
