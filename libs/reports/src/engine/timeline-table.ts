import { incidentStatuses } from '@faultline/incidents';
import { type Moment, moments, type TimelineDocument, type TimelineRow, valueNames } from '../timeline.types';
import { CodeColumn, type Codes, Dictionary, grown } from './code-column';
import { IdList } from './id-list';

/** The columns of a row: the incident's values after the event, and the path of tiers up to it (`1>2>1`). */
export const columnNames = [...valueNames, 'path'] as const;
export type ColumnName = (typeof columnNames)[number];

/** Each moment as a bit of {@link TimelineTable.moments}. */
export const momentBits = Object.fromEntries(moments.map((moment, index) => [moment, 1 << index])) as Readonly<
  Record<Moment, number>
>;

const deadRowsTolerated = 100_000;

/**
 * The timelines of all incidents as columns of numbers. Incident `i` has the rows `first[i]` to `first[i] + lengths[i] - 1`, in
 * stream order, each with full values. A timeline that grew is written anew at the end; what is dead is squeezed out now and then.
 */
export class TimelineTable {
  times = new Float64Array(0);
  moments = new Uint8Array(0);
  first = new Uint32Array(0);
  lengths = new Uint32Array(0);
  readonly columns: Readonly<Record<ColumnName, CodeColumn>>;
  /** By incident, not by row. */
  readonly imports = new CodeColumn();
  readonly judgingFormats = new CodeColumn();
  readonly ids = new IdList();
  /** The latest instant of any row, ms; -Infinity while there is none. */
  latest = -Infinity;
  private readonly assetLists = new Map<number, readonly string[]>();
  private readonly current: Record<ColumnName, number>;
  private rowCount = 0;
  private deadRows = 0;

  constructor() {
    const columns = columnNames.map((name) => [
      name,
      new CodeColumn(name === 'state' ? new Dictionary(incidentStatuses) : undefined),
    ]);
    this.columns = Object.fromEntries(columns) as Record<ColumnName, CodeColumn>;
    this.current = Object.fromEntries(columnNames.map((name) => [name, 0])) as Record<ColumnName, number>;
  }

  /** The number of incidents. */
  get size(): number {
    return this.ids.size;
  }

  /** The assets that a code of the column `assets` stands for. */
  assetsOf(code: number): readonly string[] {
    return this.assetLists.get(code) ?? [];
  }

  /** Takes in a timeline, new or longer than before. */
  put(document: TimelineDocument): void {
    const known = this.ids.find(document._id);
    const { length } = document.rows;
    if (known !== undefined && this.lengths[known] === length) return;
    const ordinal = known ?? this.addIncident(document);
    if (known !== undefined) this.deadRows += this.lengths[known] as number;
    this.reserveRows(this.rowCount + length);
    this.first[ordinal] = this.rowCount;
    this.lengths[ordinal] = length;
    this.writeRows(document.rows);
    if (this.deadRows > deadRowsTolerated && this.deadRows * 2 > this.rowCount) this.compact();
  }

  private addIncident({ _id, import: brought }: TimelineDocument): number {
    const ordinal = this.ids.add(_id);
    this.first = grown(this.first, ordinal + 1);
    this.lengths = grown(this.lengths, ordinal + 1);
    for (const column of [this.imports, this.judgingFormats]) column.reserve(ordinal + 1);
    this.imports.set(ordinal, this.imports.dictionary.codeOf(brought?.id ?? null));
    const judging = brought?.unjudged ? null : (brought?.format ?? null);
    this.judgingFormats.set(ordinal, this.judgingFormats.dictionary.codeOf(judging));
    return ordinal;
  }

  private reserveRows(capacity: number): void {
    this.times = grown(this.times, capacity);
    this.moments = grown(this.moments, capacity);
    for (const name of columnNames) this.columns[name].reserve(capacity);
  }

  private writeRows(rows: readonly TimelineRow[]): void {
    const { current, columns } = this;
    for (const name of columnNames) current[name] = 0;
    let lastTier: string | null = null;
    for (const row of rows) {
      this.readValues(row);
      const tier = columns.tier.dictionary.valueOf(current.tier);
      if (tier !== null && tier !== lastTier) {
        const path: string | null = columns.path.dictionary.valueOf(current.path);
        current.path = columns.path.dictionary.codeOf(path === null ? tier : `${path}>${tier}`);
        lastTier = tier;
      }
      const index = this.rowCount;
      this.rowCount += 1;
      this.times[index] = row.at;
      if (row.at > this.latest) this.latest = row.at;
      this.moments[index] = (row.moments ?? []).reduce((bits, moment) => bits | momentBits[moment], 0);
      for (const name of columnNames) columns[name].set(index, current[name]);
    }
  }

  private readValues(row: TimelineRow): void {
    for (const name of valueNames) {
      const value = row[name];
      if (value === undefined) continue;
      this.current[name] =
        typeof value === 'object' && value !== null ? this.assetCode(value) : this.codeOf(name, value);
    }
  }

  private codeOf(name: ColumnName, value: string | number | null): number {
    return this.columns[name].dictionary.codeOf(value === null ? null : String(value));
  }

  private assetCode(assets: readonly string[]): number {
    if (assets.length === 0) return 0;
    const code = this.columns.assets.dictionary.codeOf(JSON.stringify(assets));
    if (!this.assetLists.has(code)) this.assetLists.set(code, assets);
    return code;
  }

  private compact(): void {
    const first = this.first.slice();
    let next = 0;
    for (let ordinal = 0; ordinal < this.size; ordinal += 1) {
      this.first[ordinal] = next;
      next += this.lengths[ordinal] as number;
    }
    const runs = { from: first, lengths: this.lengths, size: this.size, rows: next };
    this.times = gathered(this.times, runs);
    this.moments = gathered(this.moments, runs);
    for (const name of columnNames) this.columns[name].codes = gathered(this.columns[name].codes, runs);
    this.rowCount = next;
    this.deadRows = 0;
  }
}

type Runs = {
  readonly from: Uint32Array;
  readonly lengths: Uint32Array;
  readonly size: number;
  readonly rows: number;
};

function gathered<Numbers extends Codes | Float64Array>(
  numbers: Numbers,
  { from, lengths, size, rows }: Runs,
): Numbers {
  const result = new (numbers.constructor as new (length: number) => Numbers)(rows);
  let next = 0;
  for (let ordinal = 0; ordinal < size; ordinal += 1) {
    const start = from[ordinal] as number;
    const end = start + (lengths[ordinal] as number);
    for (let index = start; index < end; index += 1) {
      result[next] = numbers[index] as number;
      next += 1;
    }
  }
  return result;
}
