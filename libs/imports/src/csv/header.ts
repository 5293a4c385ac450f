import { invalid } from '@faultline/kernel';

/** Where a file holds the columns that a format knows. */
export type Header = {
  /** The known columns that the file has, in the format's order. */
  readonly present: readonly string[];
  /** The other columns, which are ignored. */
  readonly ignored: readonly string[];
  /** The index of a known column in a record; -1 if the file lacks it. */
  readonly indexOf: (column: string) => number;
  /** The name of the column at an index of a record, null beyond the header's width. */
  readonly nameOf: (index: number) => string | null;
  /** The values of all known columns in the format's order, empty where the file lacks the column. */
  readonly pick: (fields: readonly string[]) => string[];
};

/** The columns that a header must, and may, name. */
export type KnownColumns = { readonly columns: readonly string[]; readonly required: readonly string[] };

/** Reads a file's header. Throws `import.duplicate-columns` and `import.missing-columns`, which name the columns. */
export function readHeader(names: readonly string[], { columns, required }: KnownColumns): Header {
  const duplicates = [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
  if (duplicates.length > 0) {
    throw invalid('import.duplicate-columns', `The header names columns twice: ${list(duplicates)}`, {
      columns: duplicates,
    });
  }
  const missing = required.filter((name) => !names.includes(name));
  if (missing.length > 0) {
    throw invalid('import.missing-columns', `The header lacks columns: ${list(missing)}`, { columns: missing });
  }
  const places = columns.map((column) => names.indexOf(column));
  return {
    present: columns.filter((column) => names.includes(column)),
    ignored: names.filter((name) => !columns.includes(name)),
    indexOf: (column) => names.indexOf(column),
    nameOf: (index) => names[index] ?? null,
    pick: (fields) => places.map((place) => (place === -1 ? '' : (fields[place] ?? ''))),
  };
}

const list = (names: readonly string[]): string => names.map((name) => JSON.stringify(name)).join(', ');
