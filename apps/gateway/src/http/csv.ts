/** One cell by RFC 4180; a text that a spreadsheet would take for a formula gets a leading apostrophe. */
function cell(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

type Row = Readonly<Record<string, unknown>>;

const flatten = (row: Row): Row =>
  Object.fromEntries(
    Object.entries(row).flatMap(([name, value]) =>
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? Object.entries(value as Row).map(([inner, content]) => [`${name}.${inner}`, content] as const)
        : [[name, value] as const],
    ),
  );

/** Rows as CSV with a header line; nested objects become `outer.inner` columns, lists JSON. */
export function toCsv(rows: readonly Row[]): string {
  const flat = rows.map(flatten);
  const columns = [...new Set(flat.flatMap((row) => Object.keys(row)))];
  const lines = [columns.join(','), ...flat.map((row) => columns.map((column) => cell(row[column])).join(','))];
  return `${lines.join('\r\n')}\r\n`;
}

/** The one list inside an answer (`items`, `groups`, `series`, `paths`); the answer itself as one row where there is none. */
export function rowsOf(answer: object): readonly Row[] {
  for (const name of ['items', 'groups', 'series', 'paths', 'reports'] as const) {
    const list = (answer as Row)[name];
    if (Array.isArray(list)) return list as readonly Row[];
  }
  return [answer as Row];
}
