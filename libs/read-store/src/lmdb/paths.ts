import { emptyArray } from './key-bytes';

/** A dotted path, taken apart once. */
export type Path = readonly string[];

/** The steps of a dotted path. */
export const parsePath = (path: string): Path => path.split('.');

const isPosition = (step: string): boolean => /^\d+$/.test(step);

/**
 * Every value at a path, by MongoDB's rules: an array on the way stands for its elements that are objects (or, before a number, for
 * that element); `undefined` where a document lacks the path; an array at the end is one value. Empty if an array on the way has no
 * element that is an object.
 */
export function valuesAt(document: unknown, path: Path, step = 0): unknown[] {
  const key = path[step];
  if (key === undefined) return [document];
  if (Array.isArray(document)) {
    const members = document as readonly unknown[];
    if (isPosition(key)) return Number(key) < members.length ? valuesAt(members[Number(key)], path, step + 1) : [];
    const objects = members.filter((member) => typeof member === 'object' && member !== null && !Array.isArray(member));
    return objects.flatMap((member) => valuesAt(member, path, step));
  }
  if (typeof document !== 'object' || document === null) return [undefined];
  const member = (document as Readonly<Record<string, unknown>>)[key];
  return step + 1 === path.length ? [member] : valuesAt(member, path, step + 1);
}

/** The values by which a document is found in an index and ordered in a sort: elements instead of arrays, at least one value. */
export type KeyValues = { readonly values: readonly unknown[]; readonly throughArray: boolean };

/** The {@link KeyValues} at a path; an empty array counts as {@link emptyArray}, a missing value as null. */
export function keyValuesAt(document: unknown, path: Path): KeyValues {
  let value = document;
  for (const key of path) {
    if (Array.isArray(value)) return arrayKeyValues(valuesAt(document, path));
    if (typeof value !== 'object' || value === null) return { values: [null], throughArray: false };
    value = (value as Readonly<Record<string, unknown>>)[key];
  }
  if (Array.isArray(value)) return arrayKeyValues([value]);
  return { values: [value ?? null], throughArray: false };
}

function arrayKeyValues(found: readonly unknown[]): KeyValues {
  const values = found.flatMap((value) => {
    if (!Array.isArray(value)) return [value ?? null];
    return value.length === 0 ? [emptyArray] : (value as readonly unknown[]);
  });
  return { values: values.length === 0 ? [null] : values, throughArray: true };
}

/** The value of an aggregation's path expression: the array of the members' values where the way leads through an array. */
export function expressionAt(document: unknown, path: Path, step = 0): unknown {
  const key = path[step];
  if (key === undefined) return document;
  if (Array.isArray(document)) {
    return (document as readonly unknown[]).flatMap((member) => {
      const value = expressionAt(member, path, step);
      return value === undefined ? [] : [value];
    });
  }
  if (typeof document !== 'object' || document === null) return undefined;
  return expressionAt((document as Readonly<Record<string, unknown>>)[key], path, step + 1);
}

/** Removes the value at a path from a document, in place; in every element where the way leads through an array. */
export function removeAt(document: unknown, path: Path, step = 0): void {
  const key = path[step];
  if (key === undefined || typeof document !== 'object' || document === null) return;
  if (Array.isArray(document)) {
    for (const member of document as readonly unknown[]) removeAt(member, path, step);
    return;
  }
  const object = document as Record<string, unknown>;
  if (step + 1 === path.length) Reflect.deleteProperty(object, key);
  else removeAt(object[key], path, step + 1);
}
