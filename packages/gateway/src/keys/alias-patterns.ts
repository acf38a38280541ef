/** True for names that any of the patterns matches; `*` in a pattern stands for any run of characters. */
export type AliasMatcher = (alias: string) => boolean;

/** Undefined allows all. Matching takes time in proportion to the lengths, whatever pattern and name are. */
export function compileAliasPatterns(patterns: readonly string[] | undefined): AliasMatcher {
  if (patterns === undefined || patterns.includes("*")) return () => true;
  const exact = new Set(patterns.filter((pattern) => !pattern.includes("*")));
  const open = patterns.filter((pattern) => pattern.includes("*")).map((pattern) => pattern.split("*"));
  if (open.length === 0) return (alias) => exact.has(alias);
  return (alias) => exact.has(alias) || open.some((pieces) => matches(pieces, alias));
}

/** The pieces between stars: the first and the last are bound to the ends, the others are found in order. */
function matches(pieces: readonly string[], alias: string): boolean {
  const first = pieces[0]!;
  const last = pieces.at(-1)!;
  if (alias.length < first.length + last.length || !alias.startsWith(first) || !alias.endsWith(last)) {
    return false;
  }
  let from = first.length;
  const end = alias.length - last.length;
  for (const piece of pieces.slice(1, -1)) {
    const at = alias.indexOf(piece, from);
    if (at < 0 || at + piece.length > end) return false;
    from = at + piece.length;
  }
  return true;
}
