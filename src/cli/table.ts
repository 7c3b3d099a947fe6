/** Columns as wide as their widest cell, two blanks apart, headers in capitals; `empty` when there is no row. */
export function renderTable(headers: readonly string[], rows: readonly (readonly string[])[], empty: string): string {
  if (rows.length === 0) return empty;
  const all = [headers.map((header) => header.toUpperCase()), ...rows.map((row) => row.map(oneLine))];
  const widths = headers.map((_header, column) => Math.max(...all.map((row) => (row[column] ?? "").length)));
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** `name: value` lines with the values aligned; an undefined value leaves its line out. */
export function renderFields(fields: Readonly<Record<string, string | number | boolean | null | undefined>>): string {
  const shown = Object.entries(fields).filter(([, value]) => value !== undefined);
  const width = Math.max(...shown.map(([name]) => name.length));
  return shown
    .map(([name, value]) => `${`${name}:`.padEnd(width + 2)}${value === null ? "none" : String(value)}`)
    .join("\n");
}

/** The start of a text on one line, at most `length` characters. */
export function shorten(text: string, length: number): string {
  const line = oneLine(text);
  return line.length <= length ? line : `${line.slice(0, length - 1)}…`;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}
