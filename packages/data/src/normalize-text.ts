// One spelling of a text, so that twins are equal and the model learns no accidents of editors.
import type { DocumentKind } from "./sources/document-kind.ts";

/**
 * Byte order mark off, NFC (Unicode annex 15), line ends `\n`, no space before them, no blank lines around,
 * one line end at the end. Code loses its `//# sourceMappingURL` line, which names a file that nobody has.
 */
export function normalizeText(text: string, kind: DocumentKind): string {
  let normal = text.replace(/^\uFEFF/, "").normalize("NFC");
  if (normal.includes("\r")) normal = normal.replaceAll(/\r\n?/g, "\n");
  if (kind === "code" || kind === "declarations") {
    normal = normal.replaceAll(/^\/\/[#@] ?sourceMappingURL=.*$/gm, "");
  }
  // Line by line: a pattern for trailing spaces takes quadratic time on a long run of inner ones.
  normal = normal
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n")
    .replace(/^\n+/, "")
    .trimEnd();
  return normal === "" ? "" : `${normal}\n`;
}
