// Each kind of document is judged by the rules made for it.
import type { RawDocument } from "../reading/raw-document.ts";
import { DEFAULT_CODE_LIMITS, judgeCode } from "./code-rules.ts";
import type { CodeLimits } from "./code-rules.ts";
import { proseOfMarkdown } from "./markdown-prose.ts";
import { DEFAULT_PROSE_LIMITS, judgeProse } from "./prose-rules.ts";
import type { ProseLimits } from "./prose-rules.ts";
import { judgeRepetition } from "./repetition-rules.ts";

/** Other limits than the papers', or no rules at all. */
export type QualityOptions = "off" | { prose?: Partial<ProseLimits>; code?: Partial<CodeLimits> };

/** The rule that a document breaks, as `kind: rule (paper)`, or undefined for one to keep. */
export function judgeQuality(
  document: Pick<RawDocument, "id" | "kind" | "text">,
  options: QualityOptions = {},
): string | undefined {
  if (options === "off") return undefined;
  const { kind, text } = document;
  if (kind === "code" || kind === "declarations") {
    const limits = { ...DEFAULT_CODE_LIMITS, ...options.code };
    return named(kind, judgeCode(document, limits, kind === "declarations"));
  }
  const prose = kind === "markdown" ? proseOfMarkdown(text) : text;
  const words = prose.match(/\S+/g) ?? [];
  const limits = { ...DEFAULT_PROSE_LIMITS, ...options.prose };
  return named(kind, judgeProse(prose, words, limits, kind === "markdown") ?? judgeRepetition(prose, words));
}

function named(kind: string, rule: string | undefined): string | undefined {
  return rule && `${kind}: ${rule}`;
}
