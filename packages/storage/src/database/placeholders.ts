// Placeholders in SQL. Stands alone: the database's worker thread needs it, and should load nothing else.

/** A quoted text or name or a comment, which is left alone, or a placeholder. */
export const SQL_TOKENS: RegExp = /'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\$(\d+)|\?(\d*)/g;

/** `$1` as SQLite has it: `?1`. */
export function toNumberedPlaceholders(sql: string): string {
  return sql.replaceAll(SQL_TOKENS, (token, number?: string) =>
    number === undefined ? token : `?${number}`,
  );
}
