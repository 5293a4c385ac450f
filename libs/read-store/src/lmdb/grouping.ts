import { type Group, type GroupOptions } from '../read-store.port';
import { encodeValue } from './key-bytes';
import { expressionAt, parsePath } from './paths';

/** Adds documents up by the values of some paths, as MongoDB's `$group` with `$sum`: what is no number adds nothing. */
export class Grouping {
  private readonly by: readonly { name: string; path: readonly string[] }[];
  private readonly sums: readonly { name: string; path: readonly string[] | undefined }[];
  private readonly found = new Map<string, { key: Record<string, unknown>; sums: Record<string, number> }>();

  constructor({ by, sums }: GroupOptions) {
    this.by = by.map((name) => ({ name, path: parsePath(name) }));
    this.sums = Object.entries(sums).map(([name, path]) => ({ name, path: path === 1 ? undefined : parsePath(path) }));
  }

  add(document: object): void {
    const values = this.by.map(({ path }) => expressionAt(document, path) ?? null);
    const id = encodeValue(values).toString('latin1');
    const group = this.found.get(id) ?? this.start(id, values);
    for (const { name, path } of this.sums) {
      const value = path ? expressionAt(document, path) : 1;
      if (typeof value === 'number') group.sums[name] = (group.sums[name] ?? 0) + value;
    }
  }

  groups(): Group[] {
    return [...this.found.values()];
  }

  private start(id: string, values: readonly unknown[]) {
    const key = Object.fromEntries(this.by.map(({ name }, index) => [name, values[index]]));
    const sums = Object.fromEntries(this.sums.map(({ name }) => [name, 0]));
    const group = { key, sums };
    this.found.set(id, group);
    return group;
  }
}
