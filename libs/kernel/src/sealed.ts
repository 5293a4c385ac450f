import { type Json, type JsonObject } from './json';

/** A personal field as the log holds it: AES-256-GCM of its JSON text under the key named. */
export type Sealed = {
  /** base64 of nonce (12 bytes), tag (16 bytes), ciphertext. */
  readonly sealed: string;
  readonly key: string;
};

/** Whether a value of an event's data is a sealed field. */
export const isSealed = (value: unknown): value is Sealed =>
  typeof value === 'object' && value !== null && 'sealed' in value && 'key' in value;

/** A path into an event's data: `title`, `changes.title.from`, `contacts.*.value` (`*` stands for each element or member). */
export type FieldPath = string;

/** `data` with the value at each path replaced by `replace(value)`; paths that lead nowhere, and null, are left alone. */
export function replaceFields(
  data: JsonObject,
  paths: readonly FieldPath[],
  replace: (value: Json) => Json,
): JsonObject {
  return paths.reduce<Json>((result, path) => replaceAt(result, path.split('.'), replace), data) as JsonObject;
}

function replaceAt(value: Json, path: readonly string[], replace: (value: Json) => Json): Json {
  if (value === null) return value;
  const [head, ...rest] = path;
  if (head === undefined) return replace(value);
  if (typeof value !== 'object') return value;
  if (Array.isArray(value)) {
    const members: readonly Json[] = value;
    return head === '*' ? members.map((member) => replaceAt(member, rest, replace)) : members;
  }
  const object = value as JsonObject;
  const keys = head === '*' ? Object.keys(object) : [head];
  let result = object;
  for (const key of keys) {
    const member = object[key];
    if (member === undefined) continue;
    result = { ...result, [key]: replaceAt(member, rest, replace) };
  }
  return result;
}
