import { v5, v4, validate } from 'uuid';

/** The namespace below which Faultline derives its name-based UUIDs (RFC 9562, version 5). */
const namespace = '3b0f6c1e-6f0b-5f7e-9d3c-5a1c2f7d8e90';

/**
 * A UUID that depends on nothing but `parts`: the same parts give the same id, on any process, for ever.
 * Parts are joined so that no two different lists collide.
 */
export const deriveId = (...parts: readonly (string | number)[]): string => v5(JSON.stringify(parts), namespace);

/** A random UUID, for what nobody will ever have to derive again. */
export const randomId = (): string => v4();

/** Whether `text` is a UUID in its usual notation. */
export const isUuid = (text: string): boolean => validate(text);
