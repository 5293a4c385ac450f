import { BSON, type Document } from 'mongodb';
import { type Group } from '../read-store.port';

type MergedGroup = { readonly key: Readonly<Record<string, unknown>>; readonly sums: Record<string, number> };

/** Puts the port's names back into the answers to `$group`, and makes one of those that it holds apart: null and missing. */
export class GroupMerger {
  private readonly found = new Map<string, MergedGroup>();

  constructor(
    private readonly by: readonly string[],
    private readonly sums: readonly string[],
  ) {}

  add(answer: Document): void {
    const id = answer['_id'] as Readonly<Record<string, unknown>> | null;
    const values = this.by.map((_, index) => id?.[`k${index}`] ?? null);
    const same = Buffer.from(BSON.serialize({ values })).toString('latin1');
    const group = this.found.get(same) ?? this.start(same, values);
    for (const [index, name] of this.sums.entries()) {
      group.sums[name] = (group.sums[name] ?? 0) + Number(answer[`s${index}`] ?? 0);
    }
  }

  groups(): Group[] {
    return [...this.found.values()];
  }

  private start(same: string, values: readonly unknown[]): MergedGroup {
    const group: MergedGroup = {
      key: Object.fromEntries(this.by.map((path, index) => [path, values[index]])),
      sums: {},
    };
    this.found.set(same, group);
    return group;
  }
}
