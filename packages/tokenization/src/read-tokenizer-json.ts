// A `tokenizer.json` made into tables, everything in it checked: it may come from anywhere.
import { HomegrownError, QWEN2_PATTERN, tokenizerJsonSchema } from "@homegrown/contracts";
import type { TokenizerJson } from "@homegrown/contracts";
import { BYTE_TO_CHAR, spellingToBytes } from "./byte-alphabet.ts";
import { MergeTable } from "./merge-table.ts";

export interface TokenizerTables {
  /** id → bytes. */
  tokens: readonly Uint8Array[];
  /** Spelling → id, merges' results and single bytes. */
  ids: ReadonlyMap<string, number>;
  specialIds: ReadonlyMap<string, number>;
  specialById: ReadonlySet<number>;
  merges: MergeTable;
  normalize: boolean;
}

const MAX_VOCAB = 1 << 20;
const encoder = new TextEncoder();

export function readTokenizerJson(json: unknown): { json: TokenizerJson; tables: TokenizerTables } {
  const parsed = tokenizerJsonSchema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw foreign(`${issue?.path.join(".") || "the file"}: ${issue?.message ?? "not an object"}`);
  }
  const checked = json as TokenizerJson;
  refuseOtherKinds(checked);
  const ids = readVocabulary(checked);
  const tokens = readTokens(checked, ids);
  const special = checked.added_tokens.filter((token) => token.special);
  return {
    json: checked,
    tables: {
      tokens,
      ids,
      specialIds: new Map(special.map(({ content, id }) => [content, id])),
      specialById: new Set(special.map(({ id }) => id)),
      merges: readMerges(checked, ids, tokens.length),
      normalize: checked.normalizer !== null,
    },
  };
}

/** What this reader would tokenise otherwise than the file says is refused, not guessed at. */
function refuseOtherKinds({ pre_tokenizer, model, added_tokens }: TokenizerJson): void {
  const [split, byteLevel] = pre_tokenizer.pretokenizers;
  if (split.pattern.Regex !== QWEN2_PATTERN || split.invert) {
    throw foreign("its pre-tokeniser splits by another pattern than qwen2's");
  }
  if (byteLevel.use_regex !== false || byteLevel["add_prefix_space"] === true) {
    throw foreign("its ByteLevel pre-tokeniser splits or adds a space; expected use_regex: false");
  }
  for (const [field, neutral] of [
    ["dropout", null],
    ["unk_token", null],
    ["continuing_subword_prefix", ""],
    ["end_of_word_suffix", ""],
    ["fuse_unk", false],
    ["byte_fallback", false],
    ["ignore_merges", false],
  ] as const) {
    const value = model[field];
    if (value !== undefined && value !== null && value !== neutral) {
      throw foreign(`model.${field} is ${JSON.stringify(value)}; expected ${JSON.stringify(neutral)}`);
    }
  }
  const odd = added_tokens.find(
    (token) => !token.special || token["lstrip"] === true || token["rstrip"] === true,
  );
  if (odd !== undefined) {
    throw foreign(`added token ${JSON.stringify(odd.content)} is not special, or strips the text beside it`);
  }
}

function readVocabulary({ model }: TokenizerJson): Map<string, number> {
  const ids = new Map(Object.entries(model.vocab));
  if (ids.size > MAX_VOCAB) throw foreign(`${ids.size} tokens; at most ${MAX_VOCAB} expected`);
  const missing = BYTE_TO_CHAR.findIndex((char) => !ids.has(char));
  if (missing >= 0) throw foreign(`its vocabulary has no token for the byte 0x${missing.toString(16)}`);
  return ids;
}

function readTokens({ added_tokens }: TokenizerJson, ids: ReadonlyMap<string, number>): Uint8Array[] {
  const size = new Set([...ids.values(), ...added_tokens.map(({ id }) => id)]).size;
  const tokens = Array.from<Uint8Array | undefined>({ length: size });
  const place = (id: number, bytes: Uint8Array, name: string): void => {
    if (id >= size) throw foreign(`token ${JSON.stringify(name)} has id ${id}, past the last of ${size}`);
    if (tokens[id] !== undefined) throw foreign(`two tokens have the id ${id}`);
    tokens[id] = bytes;
  };
  for (const [spelling, id] of ids) {
    const bytes = spellingToBytes(spelling);
    if (bytes === undefined) throw foreign(`token ${JSON.stringify(spelling)} is not spelt in bytes`);
    place(id, bytes, spelling);
  }
  for (const { content, id } of added_tokens) place(id, encoder.encode(content), content);
  return tokens as Uint8Array[];
}

function readMerges(
  { model }: TokenizerJson,
  ids: ReadonlyMap<string, number>,
  vocabSize: number,
): MergeTable {
  const table = new MergeTable(vocabSize);
  if (model.merges.length > MAX_VOCAB) throw foreign(`${model.merges.length} merges`);
  model.merges.forEach((merge, rank) => {
    const parts = typeof merge === "string" ? merge.split(" ") : merge;
    const [left = "", right = ""] = parts;
    const [leftId, rightId, merged] = [ids.get(left), ids.get(right), ids.get(left + right)];
    if (parts.length !== 2 || leftId === undefined || rightId === undefined || merged === undefined) {
      throw foreign(`merge ${rank} (${JSON.stringify(merge)}) names a token that the vocabulary lacks`);
    }
    if (!table.add(leftId, rightId, rank, merged)) throw foreign(`merge ${rank} repeats an earlier one`);
  });
  return table;
}

function foreign(what: string): HomegrownError {
  return new HomegrownError({
    code: "tokenization/foreign-tokenizer",
    kind: "invalid-input",
    message: `cannot use this tokenizer.json: ${what}`,
    hint: "Expected byte-level BPE with the qwen2 pre-tokeniser, as `homegrown data` writes it. Other models can be imported as GGUF.",
  });
}
