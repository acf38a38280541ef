// A tokenizer.json seen as the numbered list of tokens that a model's embedding rows belong to.
import { tokenizerJsonSchema } from "@homegrown/contracts";
import type { TokenizerJson } from "@homegrown/contracts";
import { malformed, shown } from "./malformed.ts";

export type TokenKind = "normal" | "control" | "user-defined" | "unused";

export interface Vocabulary {
  /** One for each embedding row; rows beyond the tokenizer's are `[PAD<id>]`, as llama.cpp's converter names them. */
  tokens: readonly string[];
  kinds: readonly TokenKind[];
  /** "left right", in rank order. */
  merges: readonly string[];
  ids: ReadonlyMap<string, number>;
}

/**
 * Checks that `json` is a byte-level BPE tokenizer whose ids are 0…n-1 without gap or twin, n ≤ vocabSize,
 * and whose merges join tokens into tokens. Throws `models/malformed-file` naming `file` and field.
 */
export function toVocabulary(json: unknown, vocabSize: number, file: string): Vocabulary {
  const { model, added_tokens: added } = parseTokenizerJson(json, file);
  const tokens = Array.from<string | undefined>({ length: vocabSize });
  const kinds = Array.from<unknown, TokenKind>({ length: vocabSize }, () => "unused");
  const ids = new Map<string, number>();
  const place = (token: string, id: number, kind: TokenKind, field: string): void => {
    if (id >= vocabSize) {
      throw malformed(file, field, `token ${shown(token)} has id ${id}, but the model has ${vocabSize} rows`);
    }
    const other = tokens[id];
    if ((other ?? token) !== token || (ids.get(token) ?? id) !== id) {
      throw malformed(file, field, `token ${shown(token)} and id ${id} are given twice`);
    }
    tokens[id] = token;
    kinds[id] = kind;
    ids.set(token, id);
  };
  for (const [token, id] of Object.entries(model.vocab)) place(token, id, "normal", "model.vocab");
  for (const { id, content, special } of added) {
    place(content, id, special ? "control" : "user-defined", "added_tokens");
  }
  const gap = tokens.indexOf(undefined);
  if (gap >= 0 && gap < ids.size) throw malformed(file, "model.vocab", `no token has id ${gap}`);
  return {
    tokens: tokens.map((token, id) => token ?? `[PAD${id}]`),
    kinds,
    merges: toMerges(model, ids, file),
    ids,
  };
}

/** The id of a special token. Throws `models/malformed-file` when the tokenizer lacks it. */
export function specialId(vocabulary: Vocabulary, text: string, file: string): number {
  const id = vocabulary.ids.get(text);
  if (id === undefined) throw malformed(file, "added_tokens", `no token ${shown(text)}`);
  return id;
}

/** The object itself, checked: zod's copy would lose a token spelt `__proto__`. */
export function parseTokenizerJson(json: unknown, file: string): TokenizerJson {
  const parsed = tokenizerJsonSchema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw malformed(
      file,
      issue.path.join(".") || "tokenizer",
      issue.message,
      "Use a byte-level BPE tokenizer with the qwen2 pre-tokeniser, as `homegrown data` makes it.",
    );
  }
  return json as TokenizerJson;
}

function toMerges(
  model: TokenizerJson["model"],
  ids: ReadonlyMap<string, number>,
  file: string,
): readonly string[] {
  return model.merges.map((merge, rank) => {
    const pair = typeof merge === "string" ? merge.split(" ") : merge;
    const [left = "", right = ""] = pair;
    if (pair.length !== 2 || !ids.has(left) || !ids.has(right) || !ids.has(left + right)) {
      throw malformed(file, `model.merges.${rank}`, `${shown(merge)} does not join two tokens into a token`);
    }
    return `${left} ${right}`;
  });
}
