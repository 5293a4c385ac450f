import { type RecordedEvent, type Register } from '@faultline/kernel';
import { type Catalog, catalogDecider } from './domain/catalog.decider';
import { type CatalogEvent } from './domain/catalog.events';

type Priority = 1 | 2 | 3 | 4;

/** The catalog as it is now. */
export class CatalogRegister implements Register {
  readonly streamPrefixes = ['catalog-'];
  private state: Catalog = catalogDecider.initialState();
  private holds: ReadonlySet<string> = new Set();
  private codes: ReadonlySet<string> = new Set();

  apply(event: RecordedEvent): void {
    this.state = catalogDecider.evolve(this.state, event as unknown as CatalogEvent, event);
    this.holds = new Set(this.state.holdReasons.keys());
    this.codes = new Set(this.state.resolutionCodes.keys());
  }

  get catalog(): Catalog {
    return this.state;
  }

  get holdReasons(): ReadonlySet<string> {
    return this.holds;
  }

  /** Undefined where codes that are not listed are accepted. */
  get resolutionCodes(): ReadonlySet<string> | undefined {
    return this.state.policy.unlistedResolutionCodes === 'refuse' ? this.codes : undefined;
  }

  /** The matrix's priority for impact and urgency. */
  priorityOf(impact: number, urgency: number): Priority {
    return (this.state.matrix[impact - 1]?.[urgency - 1] ?? 4) as Priority;
  }

  /** Whether the catalog lists them both. */
  lists(category: string, subcategory: string | null): boolean {
    const members = this.state.categories.get(category);
    return members !== undefined && (subcategory === null || members.has(subcategory));
  }

  /** Whether a command may use them. */
  hasCategory(category: string, subcategory: string | null): boolean {
    return this.state.policy.unlistedCategories === 'accept' || this.lists(category, subcategory);
  }
}
