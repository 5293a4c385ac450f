import { invalid } from '@faultline/kernel';

const maxLength = 100;

/** Refuses what cannot be the key of a team or service: 1 to 100 characters, none of control, no blanks around it. */
export function requireKey(kind: string, key: string): void {
  if (key.length > 0 && key.length <= maxLength && key.trim() === key && !/\p{Cc}/u.test(key)) return;
  throw invalid(`${kind}.invalid-key`, `A key has 1 to ${maxLength} characters and no blanks around it`, {
    pointer: '/key',
  });
}

/** What really differs between a record and the members wanted of it; undefined where nothing does. */
export function changesOf<Fields extends object>(
  current: Fields,
  wanted: Partial<Fields>,
): { [Name in keyof Fields]?: { from: Fields[Name]; to: Fields[Name] } } | undefined {
  const changes: { [Name in keyof Fields]?: { from: Fields[Name]; to: Fields[Name] } } = {};
  for (const name of Object.keys(wanted) as (keyof Fields)[]) {
    const to = wanted[name];
    if (to === undefined || JSON.stringify(to) === JSON.stringify(current[name])) continue;
    changes[name] = { from: current[name], to };
  }
  return Object.keys(changes).length === 0 ? undefined : changes;
}

/** The record after changes. */
export function changed<Fields extends object>(
  current: Fields,
  changes: { readonly [Name in keyof Fields]?: { readonly to: Fields[Name] } },
): Fields {
  const values = Object.entries(changes).map(([name, change]) => [name, (change as { to: unknown }).to] as const);
  return { ...current, ...(Object.fromEntries(values) as Partial<Fields>) };
}
