// The prose of a Markdown document: what the rules for prose can judge. Only the rules see this; the
// document itself keeps its code and its markup.

/** Without front matter, fenced code, HTML, link targets and the marks of headings and emphasis. */
export function proseOfMarkdown(text: string): string {
  const kept: string[] = [];
  let fence: string | undefined;
  for (const line of text.replace(/^---\n[\s\S]*?\n---\n/, "").split("\n")) {
    const mark = /^\s*(`{3,}|~{3,})/.exec(line)?.[1];
    if (fence === undefined && mark !== undefined) fence = mark;
    else if (fence !== undefined) {
      if (mark !== undefined && mark[0] === fence[0] && mark.length >= fence.length) fence = undefined;
    } else kept.push(line);
  }
  return withoutComments(kept.join("\n"))
    .replaceAll(/<\/?[a-zA-Z][^<>\n]*>/g, "")
    .replaceAll(/!\[[^\][\n]*\]\([^()\n]*\)/g, "")
    .replaceAll(/\]\([^()\n]*\)/g, "]")
    .replaceAll(/^\[[^\]\n]*\]:\s.*$/gm, "")
    .replaceAll(/https?:\/\/[^\s)>\]]+/g, "")
    .replaceAll(/^\s{0,3}(#{1,6}\s|[-=|: ]+$)/gm, "")
    .replaceAll(/[`*_|]+/g, "");
}

/** By search, not by pattern: a lazy pattern takes quadratic time on many openings without an end. */
function withoutComments(text: string): string {
  const kept: string[] = [];
  let start = 0;
  for (;;) {
    const open = text.indexOf("<!--", start);
    const close = open < 0 ? -1 : text.indexOf("-->", open);
    if (close < 0) return kept.join("") + text.slice(start);
    kept.push(text.slice(start, open));
    start = close + "-->".length;
  }
}
