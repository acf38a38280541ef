// Samples are what a model wrote: untrusted text. Everything that enters a page passes through here.

const HTML_ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text for an HTML element or a quoted attribute; controls but tab and newline show as U+FFFD. */
export function escapeHtml(text: string): string {
  return stripControls(text).replace(/[&<>"']/g, (char) => HTML_ENTITIES[char]!);
}

/** Text inside a Markdown line or table cell: one line, nothing of it is markup. */
export function escapeMarkdown(text: string): string {
  return stripControls(text)
    .replace(/\s+/g, " ")
    .replace(/[\\`*_[\]<>&|~$]/g, (char) => (/[<>&]/.test(char) ? HTML_ENTITIES[char]! : `\\${char}`));
}

/** A fenced block whose fence is longer than any run of backticks inside, so that the text cannot end it. */
export function fenceMarkdown(text: string): string {
  const clean = stripControls(text);
  const longest = Math.max(2, ...(clean.match(/`+/g) ?? []).map((run) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}text\n${clean.replace(/\n$/, "")}\n${fence}`;
}

/** Bidirectional overrides count as controls: they can make a page show other text than it holds. */
function stripControls(text: string): string {
  return text
    .replace(/\r\n?/g, "\n")
    .replace(/\p{Cc}|[\u202a-\u202e\u2066-\u2069]/gu, (char) => (/[\t\n]/.test(char) ? char : "\ufffd"))
    .toWellFormed();
}
