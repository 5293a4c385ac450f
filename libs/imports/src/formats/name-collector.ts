import { type ImportedNames } from './import-format';

/** Gathers what a history names, each once, in the order in which it first does. */
export class NameCollector {
  private readonly teams = new Map<string, number | null>();
  private readonly services = new Set<string>();
  private readonly categories = new Map<string, readonly [string, string | null]>();
  private readonly persons = new Map<string, string>();

  constructor(private readonly personId: (name: string) => string) {}

  /** The id of the person. */
  person(name: string): string {
    const known = this.persons.get(name);
    if (known !== undefined) return known;
    const id = this.personId(name);
    this.persons.set(name, id);
    return id;
  }

  /** A team has the first tier at which it is seen. */
  team(key: string, tier: number | null): void {
    this.teams.set(key, this.teams.get(key) ?? tier);
  }

  service(name: string | null): void {
    if (name !== null) this.services.add(name);
  }

  category(category: string | null, subcategory: string | null): void {
    if (category === null) return;
    this.categories.set(JSON.stringify([category, subcategory]), [category, subcategory]);
  }

  collected(): ImportedNames {
    return {
      teams: [...this.teams].map(([key, tier]) => ({ key, tier })),
      services: [...this.services],
      categories: [...this.categories.values()],
      persons: [...this.persons.keys()],
    };
  }
}
