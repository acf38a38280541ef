// Documented declarations in a TypeScript declaration file: each JSDoc comment with the declaration that
// follows it. A scanner, not a parser: what it cannot delimit with certainty it leaves out.

export type DeclarationKind = "function" | "interface" | "type" | "constant" | "method";

export interface DocumentedDeclaration {
  kind: DeclarationKind;
  name: string;
  /** The comment's text before its first tag, in one line. */
  description: string;
  /** The declaration as written, its indentation taken off. */
  declaration: string;
}

const NAME = String.raw`([\p{ID_Start}$_][\p{ID_Continue}$]*)`;
const LEAD = String.raw`(?:export\s+)?(?:declare\s+)?`;
const STARTS: readonly [DeclarationKind, RegExp][] = [
  ["function", new RegExp(String.raw`${LEAD}(?:default\s+)?function\s+${NAME}\s*[<(]`, "uy")],
  ["interface", new RegExp(String.raw`${LEAD}interface\s+${NAME}[\s<{]`, "uy")],
  ["type", new RegExp(String.raw`${LEAD}type\s+${NAME}[\s<=]`, "uy")],
  ["constant", new RegExp(String.raw`${LEAD}const\s+${NAME}\s*:`, "uy")],
  ["method", new RegExp(String.raw`(?:(?:public|static|abstract|override)\s+)*${NAME}\??\s*[<(]`, "uy")],
];
const NO_METHOD_NAMES = new Set(["constructor", "new", "import", "if", "for", "while", "switch", "function"]);

export function* documentedDeclarations(text: string): Generator<DocumentedDeclaration> {
  for (let open = text.indexOf("/**"); open >= 0;) {
    const close = text.indexOf("*/", open + 3);
    if (close < 0) return;
    const start = skipSpace(text, close + 2);
    const found = startAt(text, start);
    const end = found && declarationEnd(text, start, found.kind);
    if (found !== undefined && end !== undefined) {
      const description = describe(text.slice(open + 3, close));
      const declaration = dedent(text.slice(lineStart(text, start), end));
      if (description !== "") yield { ...found, description, declaration };
    }
    // Comments inside the declaration document members of their own.
    open = text.indexOf("/**", close + 2);
  }
}

function startAt(text: string, at: number): { kind: DeclarationKind; name: string } | undefined {
  for (const [kind, pattern] of STARTS) {
    pattern.lastIndex = at;
    const name = pattern.exec(text)?.[1];
    if (name === undefined) continue;
    return kind === "method" && NO_METHOD_NAMES.has(name) ? undefined : { kind, name };
  }
  return undefined;
}

const OPENING = "([{";
const CLOSING = ")]}";

/** Past the declaration's last character: its `;`, or an interface's closing brace. */
function declarationEnd(text: string, start: number, kind: DeclarationKind): number | undefined {
  let depth = 0;
  for (let i = start; i < text.length; i++) {
    const char = text[i]!;
    if (char === '"' || char === "'" || char === "`") {
      const end = stringEnd(text, i);
      if (end === undefined) return undefined;
      i = end;
    } else if (char === "/" && (text[i + 1] === "/" || text[i + 1] === "*")) {
      const end = text[i + 1] === "/" ? text.indexOf("\n", i) : text.indexOf("*/", i) + 1;
      // At depth 0 a comment belongs to the next declaration: this one had no `;`.
      if (depth === 0 || end <= 0) return undefined;
      i = end;
    } else if (OPENING.includes(char)) depth++;
    else if (CLOSING.includes(char)) {
      depth--;
      if (depth < 0) return undefined;
      if (depth === 0 && kind === "interface" && char === "}") return i + 1;
    } else if (char === ";" && depth === 0) return i + 1;
  }
  return undefined;
}

function stringEnd(text: string, start: number): number | undefined {
  for (let i = start + 1; i < text.length; i++) {
    if (text[i] === "\\") i++;
    else if (text[i] === text[start]) return i;
    else if (text[i] === "\n" && text[start] !== "`") return undefined;
  }
  return undefined;
}

/** The comment's lines before the first tag, without stars, links and line ends. */
function describe(comment: string): string {
  const lines = comment.split("\n").map((line) => line.replace(/^\s*\*? ?/, "").trimEnd());
  const tag = lines.findIndex((line) => line.trimStart().startsWith("@"));
  const paragraph =
    (tag < 0 ? lines : lines.slice(0, tag))
      .join("\n")
      .trim()
      .split(/\n\s*\n/)[0] ?? "";
  return paragraph
    .replaceAll(
      /\{@link(?:code|plain)?\s+([^\s|}]+)(?:[\s|]+([^}]*))?\}/g,
      (_, target: string, label?: string) => label || target,
    )
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replaceAll(/\s+/g, " ")
    .trim();
}

function dedent(block: string): string {
  const indent = /^[ \t]*/.exec(block)![0];
  return block
    .split("\n")
    .map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line.trimStart()))
    .join("\n");
}

function lineStart(text: string, at: number): number {
  const start = text.lastIndexOf("\n", at - 1) + 1;
  return /\S/.test(text.slice(start, at)) ? at : start;
}

function skipSpace(text: string, at: number): number {
  let i = at;
  while (i < text.length && /\s/.test(text[i]!)) i++;
  return i;
}
