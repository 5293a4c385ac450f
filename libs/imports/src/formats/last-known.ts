import { known } from './import-format';

/** The last known value of each column, kept while the rows of a key are taken in order. */
export class LastKnown<Column extends string> {
  private readonly last: (string | null)[];
  private readonly places: ReadonlyMap<string, number>;
  private changedPlaces: number[] = [];

  constructor(private readonly columns: readonly Column[]) {
    this.last = columns.map(() => null);
    this.places = new Map(columns.map((column, place) => [column, place]));
  }

  /** Takes in the next row: a value that is unknown leaves the last known one as it is. */
  take(values: readonly string[]): void {
    this.changedPlaces = [];
    for (let place = 0; place < this.columns.length; place += 1) {
      const value = known(values[place]);
      if (value === null || value === this.last[place]) continue;
      this.last[place] = value;
      this.changedPlaces.push(place);
    }
  }

  /** The last known value of a column. */
  value(column: Column): string | null {
    return this.last[this.places.get(column) ?? -1] ?? null;
  }

  /** Whether the latest row brought another known value for one of the columns. */
  hasChanged(...columns: readonly Column[]): boolean {
    return columns.some((column) => this.changedPlaces.includes(this.places.get(column) ?? -1));
  }

  /** The columns for which the latest row brought another known value. */
  get changed(): readonly string[] {
    return this.changedPlaces.map((place) => this.columns[place] ?? '');
  }
}
