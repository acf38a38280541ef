// Is a completion TypeScript? Node's own `module.stripTypeScriptTypes` (swc's parser) decides. A completion
// ends where generation stopped, usually mid-way, so it is closed first, by one rule:
//   1. A scan over prompt + completion follows brackets and skips strings, templates and comments.
//   2. The text is cut after the completion's last `;` or `}` whose innermost open bracket is `{` or none:
//      the last whole member or declaration. At most 200 characters of code may follow it.
//   3. The brackets still open there are closed, innermost first. A closing bracket that matches no open
//      one, or a `;` directly inside `(` or `[` (but for a `for` head), anywhere, fails at once.
//   4. What results must be accepted by the parser, and must hold more than the prompt.
// So a half-written last member is forgiven, a wrong one before it is not, and neither are an empty
// completion, comments alone, or a first declaration that never reaches a `;` or `}`.
// A whole completion that the parser accepts as it is passes too, when code and not only comments was added.
import { stripTypeScriptTypes } from "node:module";

const MAX_LENGTH = 1 << 20;
const MAX_UNFINISHED = 200;
/** The bracket of a `for` head, where `;` separates. */
const FOR_BRACKET = "for (";
const FOR_HEAD = /\bfor\s*(?:await\s*)?$/;
const CLOSERS: Readonly<Record<string, string>> = { "{": "}", "(": ")", "[": "]", [FOR_BRACKET]: ")" };

/**
 * Whether `prompt + completion`, closed as described above, is TypeScript that Node's type stripping
 * accepts. Enums and namespaces with a body are TypeScript that it refuses: they count as not accepted.
 */
export function checkTypeScript(completion: string, prompt = ""): boolean {
  const text = prompt + completion;
  if (text.length > MAX_LENGTH || !hasCode(completion, prompt)) return false;
  if (accepts(text)) return true;
  const closed = closeTypeScript(text, prompt.length);
  return closed !== undefined && accepts(closed);
}

/** The text cut and closed by rules 2 and 3; undefined when rule 2, 3 or 4 finds nothing to keep. */
export function closeTypeScript(text: string, from = 0): string | undefined {
  const open: string[] = [];
  let cut: { end: number; open: string[] } | undefined;
  let unfinished = 0;
  for (const { char, at } of scanCode(text)) {
    if (char in CLOSERS) {
      open.push(char === "(" && FOR_HEAD.test(text.slice(Math.max(0, at - 20), at)) ? FOR_BRACKET : char);
    } else if (char === "}" || char === ")" || char === "]") {
      if (CLOSERS[open.at(-1) ?? ""] !== char) return undefined;
      open.pop();
    }
    const isInside = open.at(-1) === "(" || open.at(-1) === "[";
    if (char === ";" && isInside) return undefined;
    if ((char === ";" || char === "}") && (open.length === 0 || open.at(-1) === "{")) {
      unfinished = 0;
      if (at >= from) cut = { end: at + 1, open: [...open] };
    } else if (/\S/.test(char)) {
      unfinished += 1;
    }
  }
  if (!cut || unfinished > MAX_UNFINISHED) return undefined;
  const closers = cut.open.reverse().map((bracket) => CLOSERS[bracket]);
  return text.slice(0, cut.end) + closers.join("");
}

function accepts(text: string): boolean {
  // The first call would print that Node's API is experimental, in the middle of whatever is shown.
  const { emitWarning } = process;
  process.emitWarning = () => undefined;
  try {
    stripTypeScriptTypes(text, { mode: "strip" });
    return true;
  } catch {
    return false;
  } finally {
    process.emitWarning = emitWarning;
  }
}

function hasCode(completion: string, prompt: string): boolean {
  for (const { char, at } of scanCode(prompt + completion)) {
    if (at >= prompt.length && /\S/.test(char)) return true;
  }
  return false;
}

/** Characters outside comments, strings and templates (whose substitutions are skipped with them). */
function* scanCode(text: string): Generator<{ char: string; at: number }> {
  for (let at = 0; at < text.length; at++) {
    const char = text[at]!;
    if (char === "/" && (text[at + 1] === "/" || text[at + 1] === "*")) {
      at = endOfComment(text, at);
    } else if (char === '"' || char === "'" || char === "`") {
      const end = endOfString(text, at, char);
      // A string counts as code, at its place, so that `export default "x"` is more than a comment.
      yield { char, at };
      at = end;
    } else {
      yield { char, at };
    }
  }
}

function endOfComment(text: string, start: number): number {
  const isLine = text[start + 1] === "/";
  const end = text.indexOf(isLine ? "\n" : "*/", start + 2);
  if (end < 0) return text.length;
  return isLine ? end : end + 1;
}

function endOfString(text: string, start: number, quote: string): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === quote || (text[at] === "\n" && quote !== "`")) return at;
    else if (quote === "`" && text[at] === "$" && text[at + 1] === "{") at = endOfSubstitution(text, at + 2);
  }
  return text.length;
}

function endOfSubstitution(text: string, start: number): number {
  let depth = 1;
  for (let at = start; at < text.length; at++) {
    const char = text[at]!;
    if (char === '"' || char === "'" || char === "`") at = endOfString(text, at, char);
    else if (char === "{") depth++;
    else if (char === "}" && --depth === 0) return at;
  }
  return text.length;
}
